/** The dashboard as Ink has it: the picture of the store's state, a text node a line, and the keys that change it. */
/** @jsxImportSource #jsx */
import { Box, Text, useWindowSize } from 'ink'
import { memo, useMemo, useSyncExternalStore } from 'react'
import { type Canvas, pictureOf } from './picture.ts'
import type { UiState } from './state.ts'
import type { Store } from './store.ts'
import type { Theme } from './theme.ts'
import { useKeys } from './use-keys.ts'

export interface AppProps {
  readonly store: Store
  readonly theme: Theme
}

export function App({ store, theme }: AppProps) {
  const { columns, rows } = useWindowSize()
  const paint = useMemo(() => painter({ columns, rows, theme }), [columns, rows, theme])
  // Texts are compared by what they say: a picture that is the same is not drawn.
  const picture = useSyncExternalStore(store.subscribe, () => paint(store.state()))
  useKeys((name) => store.send({ kind: 'key', name }))
  return (
    <Box flexDirection="column" flexShrink={0}>
      {picture.split('\n').map((line, index) => (
        // A line has no identity but its place.
        // oxlint-disable-next-line react/no-array-index-key
        <PictureLine key={index} line={line} />
      ))}
    </Box>
  )
}

/** Ink measures and lays out lines that changed; the others it remembers. */
const PictureLine = memo(function PictureLine({ line }: { readonly line: string }) {
  return <Text wrap="truncate">{line || ' '}</Text>
})

/** Pictures of states; that of the newest is kept, as it is asked for more than once. */
function painter(canvas: Canvas): (state: UiState) => string {
  let newest: { readonly state: UiState; readonly picture: string } | undefined
  return (state) => {
    if (newest?.state !== state) newest = { state, picture: pictureOf(state, canvas).join('\n') }
    return newest.picture
  }
}
