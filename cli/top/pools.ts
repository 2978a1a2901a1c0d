/** Screen 4: pools with what they do now, and the routes that lead to them. */
import type { Frame, PoolFrame, RouteFrame } from '../../core/report/frame.ts'
import { formatInflight } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { gauge } from './chart.ts'
import { latency, percent, rate } from '../../core/view/format.ts'
import { type Column, grid } from './grid.ts'
import { type Line, panel, span } from './line.ts'
import { baseName } from './overview.ts'
import { cursorOf, poolRows } from './rows.ts'
import { shownOf } from './state.ts'
import type { View } from './view.ts'
import { errorsOf, refusalsOf, usableOf } from './words.ts'

const poolColumns: readonly Column<PoolFrame>[] = [
  { title: 'pool', width: 0, cells: ({ name }) => span(printable(name), 'title') },
  { title: 'strategy', width: 18, from: 76, cells: ({ strategy }) => span(printable(baseName(strategy.use)), 'dim') },
  { title: 'usable', width: 7, align: 'right', cells: usableOf },
  { title: 'req/s', width: 6, align: 'right', cells: (pool) => rate(pool.requestsPerSecond) },
  { title: 'in flight', width: 9, align: 'right', from: 90, cells: formatInflight },
  { title: 'retries', width: 7, align: 'right', cells: (pool) => rate(pool.retriesPerSecond) },
  { title: 'p50', width: 7, align: 'right', cells: (pool) => latency(pool.latency?.p50Ms) },
  { title: 'p95', width: 7, align: 'right', from: 90, cells: (pool) => latency(pool.latency?.p95Ms) },
  { title: 'p99', width: 7, align: 'right', cells: (pool) => latency(pool.latency?.p99Ms) },
  { title: 'p99.9', width: 7, align: 'right', from: 100, cells: (pool) => latency(pool.latency?.p999Ms) },
  { title: 'errors', width: 7, align: 'right', cells: errorsOf },
]

export function poolsLines(view: View): Line[] {
  const { state, width, height, theme } = view
  const { frame } = shownOf(state)
  if (!frame) return []
  const rows = poolRows(state)
  const upper = Math.min(rows.length + 3, Math.max(5, Math.floor(height / 2)))
  const cursor = cursorOf(state)
  const pools = grid(
    { columns: poolColumns, rows, cursor, width: width - 2, height: upper - 2, screenWidth: width },
    theme,
  )
  const note = `Enter: the pool ${theme.glyphs.separator} ${rows.length} in all`
  return [
    ...panel(pools, { title: 'pools', note, width, height: upper }, theme),
    ...routePanel(view, frame, height - upper),
  ]
}

function routePanel({ width, theme }: View, { routes }: Frame, height: number): Line[] {
  const total = routes.reduce((sum, route) => sum + route.requestsPerSecond, 0)
  const share = ({ requestsPerSecond }: RouteFrame) => (total > 0 ? requestsPerSecond / total : 0)
  const columns: readonly Column<RouteFrame>[] = [
    { title: 'route, the first that matches wins', width: 0, cells: ({ match }) => printable(match) },
    { title: 'pool', width: 16, cells: ({ pool }) => span(printable(pool), 'dim') },
    { title: 'req/s', width: 7, align: 'right', cells: (route) => rate(route.requestsPerSecond) },
    { title: 'refused', width: 7, align: 'right', cells: (route) => rate(refusalsOf(route)) },
    { title: 'of all', width: 6, align: 'right', cells: (route) => percent(share(route)) },
    { title: '', width: 16, from: 76, cells: (route, size) => gauge(share(route), size, theme) },
  ]
  const lines = grid(
    { columns, rows: routes, cursor: -1, width: width - 2, height: height - 2, screenWidth: width },
    theme,
  )
  return panel(lines, { title: 'routes', width, height }, theme)
}
