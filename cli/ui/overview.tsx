/** Screen 1: how much, how fast, how wrong, as numbers and curves; then pools; then backends, those in trouble first. */
import type { Frame } from '../../core/observe/frame.ts'
import { printable } from '../text.ts'
import { backendColumns } from './backend-columns.ts'
import { area, sparkline, squeeze } from './chart.ts'
import { bytes, latency, percent, rate, span as spanText } from './format.ts'
import { type Column, grid, toned } from './grid.ts'
import { type History, type Point, seriesOf } from './history.ts'
import { beside, type Line, panel, span, spread, widthOf } from './line.ts'
import { Lines } from './lines.tsx'
import { backendRows, cursorOf, poolRows } from './rows.ts'
import { shownOf, spanSeconds } from './state.ts'
import type { Role } from './theme.ts'
import type { View } from './view.ts'

export function Overview(view: View) {
  return <Lines lines={overview(view)} theme={view.theme} />
}

export function overview(view: View): Line[] {
  const { state, height } = view
  const { frame, history } = shownOf(state)
  if (!frame) return []
  const chartRows = Math.max(2, Math.min(8, Math.floor(height / 4) - 2))
  const top = charts(view, frame, history, chartRows)
  const poolHeight = Math.min(frame.pools.length + 3, Math.max(4, Math.floor(height / 4)))
  const pools = poolPanel(view, poolHeight)
  return [...top, ...pools, ...backendPanel(view, height - top.length - pools.length)]
}

interface Chart {
  readonly title: string
  readonly facts: readonly (readonly [label: string, value: string, role?: Role])[]
  readonly read: (point: Point) => number
  readonly role: Role
  readonly top?: number
}

function charts(view: View, frame: Frame, history: History, rows: number): Line[] {
  const { state, width, theme } = view
  const { totals } = frame
  const errorRole: Role = totals.errorRatio >= 0.05 ? 'bad' : totals.errorRatio > 0 ? 'warn' : 'good'
  const list: readonly Chart[] = [
    {
      title: 'requests',
      facts: [
        ['', `${rate(totals.requestsPerSecond)}/s`, 'title'],
        ['in flight', String(totals.inflight)],
        ['in', `${bytes(totals.bytesFromClientsPerSecond)}/s`],
        ['out', `${bytes(totals.bytesToClientsPerSecond)}/s`],
      ],
      read: (point) => point.requestsPerSecond,
      role: 'bar',
    },
    {
      title: 'latency',
      facts: [
        ['p50', latency(totals.latency?.p50Ms), 'title'],
        ['p99', latency(totals.latency?.p99Ms), 'title'],
        ['p95', latency(totals.latency?.p95Ms)],
        ['p99.9', latency(totals.latency?.p999Ms)],
      ],
      read: (point) => point.p99Ms,
      role: 'second',
    },
    {
      title: 'errors',
      facts: [
        ['', percent(totals.errorRatio), errorRole],
        ['', `${rate(totals.errorsPerSecond)}/s`],
        ['retries', rate(totals.retriesPerSecond)],
        ['refused', rate(totals.refusedPerSecond), totals.refusedPerSecond > 0 ? 'bad' : 'plain'],
      ],
      read: (point) => point.errorRatio,
      role: 'bad',
      // A curve of 0.1 % must not look like one of 100 %.
      top: Math.max(0.1, ...seriesOf(history, '', spanSeconds(state), (point) => point.errorRatio)),
    },
  ]
  const third = Math.floor(width / 3)
  const widths = [third, third, width - 2 * third]
  return beside(
    ...list.map((chart, index) => {
      const size = widths[index] ?? third
      const series = seriesOf(history, '', spanSeconds(state), chart.read)
      const curve = area(
        squeeze(series, size - 4),
        { width: size - 4, height: rows, role: chart.role, ...(chart.top !== undefined && { top: chart.top }) },
        theme,
      )
      const note = chart.title === 'latency' ? `p99, ${spanText(spanSeconds(state))}` : ''
      return panel(
        [...facts(chart, size - 4), ...curve].map((one) => [span(' '), ...one]),
        { title: chart.title, note, width: size, height: rows + 4 },
        theme,
      )
    }),
  )
}

/** Two rows of two, one at each end. */
function facts({ facts }: Chart, width: number): Line[] {
  const cells = facts.map(([label, value, role = 'plain']): Line => [
    span(label ? `${label} ` : '', 'dim'),
    span(value, role),
  ])
  // Close to the edge only where there is no other room.
  const row = (left: Line = [], right: Line = []): Line =>
    spread(left, right, widthOf(left) + widthOf(right) < width ? width : width + 1)
  return [row(cells[0], cells[1]), row(cells[2], cells[3])]
}

function poolPanel({ state, width, theme }: View, height: number): Line[] {
  const { history } = shownOf(state)
  const rows = poolRows({ ...state, filter: '' })
  type Pool = (typeof rows)[number]
  const columns: readonly Column<Pool>[] = [
    { title: 'pool', width: 0, cells: ({ name }) => span(printable(name), 'title') },
    { title: 'strategy', width: 18, cells: ({ strategy }) => span(printable(baseName(strategy.use)), 'dim') },
    {
      title: 'usable',
      width: 7,
      align: 'right',
      cells: ({ usable, backends }) =>
        toned(`${usable}/${backends.length}`, usable === 0 ? 'bad' : usable < backends.length ? 'warn' : 'good'),
    },
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
    { title: 'in flight', width: 9, align: 'right', from: 110, cells: (pool) => String(pool.inflight) },
    { title: 'p50', width: 6, align: 'right', cells: (pool) => latency(pool.latency?.p50Ms) },
    { title: 'p99', width: 6, align: 'right', cells: (pool) => latency(pool.latency?.p99Ms) },
    {
      title: 'errors',
      width: 6,
      align: 'right',
      cells: ({ errorRatio }) => toned(percent(errorRatio), errorRatio > 0 && (errorRatio >= 0.05 ? 'bad' : 'warn')),
    },
  ]
  const lines = grid({ columns, rows, cursor: -1, width: width - 2, height: height - 2, screenWidth: width }, theme)
  return panel(lines, { title: 'pools', width, height }, theme)
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
