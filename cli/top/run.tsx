/**
 * The dashboard on a terminal: Ink on the alternate screen, fed by a store. The only file that starts Ink; it is loaded
 * when needed, as that takes a tenth of a second.
 */
/** @jsxImportSource #jsx */
import { render, Text, useApp, useWindowSize } from 'ink'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { type Canvas, pictureOf } from './picture.ts'
import type { UiState } from './state.ts'
import type { Store } from './store.ts'
import type { Theme } from './theme.ts'
import { useKeys } from './use-keys.ts'

export interface Terminal {
  /** Gives the terminal back for as long as `during` takes. */
  suspend(during: () => Promise<void>): Promise<void>
  /** Gives it back for good. */
  close(): void
  /** When it has been given back; rejects with what went wrong in drawing. */
  readonly closed: Promise<void>
}

/** Keys answer at once; frames come four times a second at most. */
const maxFps = 20

export function openTerminal(store: Store, theme: Theme): Terminal {
  let suspendTerminal: ReturnType<typeof useApp>['suspendTerminal'] | undefined
  const restore = restoreOnExit()
  const instance = render(
    <Root store={store} theme={theme} onReady={(app) => (suspendTerminal = app.suspendTerminal)} />,
    {
      alternateScreen: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: true,
      interactive: true,
      maxFps,
    },
  )
  return {
    suspend: async (during) => await suspendTerminal?.(during),
    close: () => instance.unmount(),
    closed: instance.waitUntilExit().then(() => restore.isDone()),
  }
}

interface RootProps {
  readonly store: Store
  readonly theme: Theme
  readonly onReady: (app: ReturnType<typeof useApp>) => void
}

function Root({ store, theme, onReady }: RootProps) {
  const { columns, rows } = useWindowSize()
  const paint = useMemo(() => painter({ columns, rows, theme }), [columns, rows, theme])
  // Texts are compared by what they say: what does not change the picture is not drawn.
  const picture = useSyncExternalStore(store.subscribe, () => paint(store.state()))
  const app = useApp()
  useEffect(() => onReady(app), [app, onReady])
  useKeys((name) => store.send({ kind: 'key', name }))
  return <Text wrap="truncate">{picture}</Text>
}

/** Pictures of states; that of the newest is kept, as it is asked for more than once. */
function painter(canvas: Canvas): (state: UiState) => string {
  let newest: { readonly state: UiState; readonly picture: string } | undefined
  return (state) => {
    if (newest?.state !== state) newest = { state, picture: pictureOf(state, canvas).join('\n') }
    return newest.picture
  }
}

/** Leaves the alternate screen, shows the cursor, ends bracketed paste. */
const leaveScreen = '\u001B[?1049l\u001B[?25h\u001B[?2004l'

/** Whatever ends the process, the terminal is usable afterwards: Ink restores it when it is unmounted, this when not. */
function restoreOnExit(): { isDone(): void } {
  const restore = (): void => {
    process.stdin.setRawMode?.(false)
    process.stdout.write(leaveScreen)
  }
  process.once('exit', restore)
  return { isDone: () => void process.off('exit', restore) }
}
