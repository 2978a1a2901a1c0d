/**
 * The dashboard on a terminal: Ink on the alternate screen, fed by a store. The only file that starts Ink; it is loaded
 * when needed, as that takes a tenth of a second.
 */
/** @jsxImportSource #jsx */
import { render, useApp } from 'ink'
import { useEffect } from 'react'
import { App } from './app.tsx'
import type { Store } from './store.ts'
import type { Theme } from './theme.ts'

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
  const app = useApp()
  useEffect(() => onReady(app), [app, onReady])
  return <App store={store} theme={theme} />
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
