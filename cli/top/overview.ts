/** Screen 1: how much, how fast, how wrong, as numbers and curves; then pools; then backends, those in trouble first. */
import { formatInflight } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { backendColumns } from './backend-columns.ts'
import { sparkline, squeeze } from './chart.ts'
import { latency, rate } from '../../core/view/format.ts'
import { edgePanel } from './edge-panel.ts'
import { type Column, grid } from './grid.ts'
import { seriesOf } from '../../core/view/history.ts'
import { type Line, panel, span } from './line.ts'
import { charts, figures } from './overview-charts.ts'
import { backendRows, cursorOf, poolRows } from './rows.ts'
import { shownOf, spanSeconds } from './state.ts'
import type { View } from './view.ts'
import { errorsOf, usableOf } from './words.ts'

export function overview(view: View): Line[] {
  const { state, height } = view
  const { frame, history } = shownOf(state)
  if (!frame) return []
  const chartRows = Math.max(2, Math.min(8, Math.floor(height / 4) - 2))
  const top = view.width < 80 ? figures(view, frame, history) : charts(view, frame, history, chartRows)
  const edges =
    state.edges.length > 1 && state.chosen === undefined
      ? edgePanel(view, Math.min(state.edges.length + 3, Math.max(5, Math.floor(height / 3))))
      : []
  // Where there is room for one list only, it is that of the edges: 4 has the pools.
  const hasPools = edges.length === 0 || height >= 30
  const pools = hasPools ? poolPanel(view, partOf(frame.pools.length, height)) : []
  const upper = [...top, ...edges, ...pools]
  return [...upper, ...backendPanel(view, height - upper.length)]
}

/** Lines of a list of `rows`, at most a quarter of the screen. */
const partOf = (rows: number, height: number): number => Math.min(rows + 3, Math.max(4, Math.floor(height / 4)))

function poolPanel({ state, width, theme }: View, height: number): Line[] {
  const { history } = shownOf(state)
  const rows = poolRows({ ...state, filter: '' })
  type Pool = (typeof rows)[number]
  const columns: readonly Column<Pool>[] = [
    { title: 'pool', width: 0, cells: ({ name }) => span(printable(name), 'title') },
    { title: 'strategy', width: 18, from: 76, cells: ({ strategy }) => span(printable(baseName(strategy.use)), 'dim') },
    { title: 'usable', width: 7, align: 'right', cells: usableOf },
    {
      title: '',
      width: 20,
      from: 110,
      cells: ({ name }, size) => {
        const series = seriesOf(history, name, spanSeconds(state), (point) => point.requestsPerSecond)
        return span(sparkline(squeeze(series, size), size, theme), 'bar')
      },
    },
    { title: 'req/s', width: 5, align: 'right', cells: (pool) => rate(pool.requestsPerSecond) },
    { title: 'in flight', width: 9, align: 'right', from: 110, cells: formatInflight },
    { title: 'p50', width: 6, align: 'right', cells: (pool) => latency(pool.latency?.p50Ms) },
    { title: 'p99', width: 6, align: 'right', cells: (pool) => latency(pool.latency?.p99Ms) },
    { title: 'errors', width: 6, align: 'right', cells: errorsOf },
  ]
  const lines = grid({ columns, rows, cursor: -1, width: width - 2, height: height - 2, screenWidth: width }, theme)
  // The header of the table and the frame take three lines.
  const shown = Math.min(rows.length, height - 3)
  const note = shown < rows.length ? `${shown} of ${rows.length} ${theme.glyphs.separator} 4 lists all` : ''
  return panel(lines, { title: 'pools', note, width, height }, theme)
}

/** The last part of a path. */
export const baseName = (use: string): string => use.slice(use.lastIndexOf('/') + 1)

/** Also the whole of screen 2. */
export function backendPanel(view: View, height: number, pool?: string): Line[] {
  const { state, width, theme } = view
  const { frame, history } = shownOf(state)
  const rows = backendRows(state, pool)
  const withPool = pool === undefined && (frame?.pools.length ?? 0) > 1
  const columns = backendColumns({ history, spanSeconds: spanSeconds(state), now: frame?.at ?? 0, withPool })
  const cursor = cursorOf(
    state,
    rows.map(({ id }) => id),
  )
  const lines = grid(
    {
      columns,
      rows,
      cursor,
      width: width - 2,
      height: height - 2,
      sorted: { title: state.sort, descending: state.descending },
      screenWidth: width,
    },
    theme,
  )
  const order = state.sort === 'trouble' ? 'trouble first' : `by ${state.sort}`
  const note = rows.length === 0 ? order : `${order} ${theme.glyphs.separator} ${cursor + 1} of ${rows.length}`
  const empty: Line[] = [
    [span(state.filter || state.faultsOnly ? ' Nothing matches; Esc shows all.' : ' No backends.', 'dim')],
  ]
  return panel(
    rows.length === 0 ? empty : lines,
    { title: pool ? `backends of ${pool}` : 'backends', note, width, height },
    theme,
  )
}
