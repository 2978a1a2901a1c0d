/** One picture as text, for where there is no terminal to draw on. */
/** @jsxImportSource #jsx */
import { renderToString } from 'ink'
import { App } from './app.tsx'
import type { UiState } from './state.ts'
import type { Theme } from './theme.ts'

export interface FrameSize {
  readonly columns: number
  readonly rows: number
}

/** Lines without spaces at their ends and without the keys, which nobody can press there. */
export function frameText(state: UiState, theme: Theme, { columns, rows }: FrameSize): string {
  const text = renderToString(<App state={state} columns={columns} rows={rows} theme={theme} />, { columns })
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.trimEnd())
    .join('\n')
}
