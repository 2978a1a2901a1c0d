/** Lines on the terminal: one text node each, so that Ink lays out and remembers a line at a time. */
/** @jsxImportSource #jsx */
import { Box, Text } from 'ink'
import { type Line, paintLine } from './line.ts'
import type { Theme } from './theme.ts'

export interface LinesProps {
  readonly lines: readonly Line[]
  readonly theme: Theme
}

export function Lines({ lines, theme }: LinesProps) {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((one, index) => (
        // A line has no identity but its place.
        // oxlint-disable-next-line react/no-array-index-key
        <Text key={index} wrap="truncate">
          {paintLine(one, theme) || ' '}
        </Text>
      ))}
    </Box>
  )
}
