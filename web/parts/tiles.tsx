/** The few numbers that say how it goes, each with its last minutes as a line. */
/** @jsxImportSource preact */
import { formatCount } from '../../core/view/amounts.ts'
import { bytes, latency, percent, rate } from '../../core/view/format.ts'
import { type Point, seriesOf } from '../../core/view/history.ts'
import type { Tone } from '../../core/view/words.ts'
import { type AppState, shownOf, spanSeconds } from '../state/state.ts'

interface Tile {
  readonly title: string
  readonly value: string
  readonly unit?: string
  readonly more: string
  readonly tone?: Tone
  readonly read?: (point: Point) => number
}

export function Tiles({ state }: { readonly state: AppState }) {
  const { frame, history } = shownOf(state)
  if (frame === undefined) return undefined
  const { totals, process } = frame
  const errorTone: Tone = totals.errorRatio >= 0.05 ? 'bad' : totals.errorRatio > 0 ? 'warn' : 'good'
  const tiles: readonly Tile[] = [
    {
      title: 'Requests',
      value: rate(totals.requestsPerSecond),
      unit: '/s',
      more: `${bytes(totals.bytesFromClientsPerSecond)}B/s in, ${bytes(totals.bytesToClientsPerSecond)}B/s out`,
      read: (point) => point.requestsPerSecond,
    },
    {
      title: 'Median (p50)',
      value: latency(totals.latency?.p50Ms),
      more: `p95 ${latency(totals.latency?.p95Ms)}`,
      read: (point) => point.p50Ms,
    },
    {
      title: 'Slowest (p99)',
      value: latency(totals.latency?.p99Ms),
      more: `p99.9 ${latency(totals.latency?.p999Ms)}`,
      read: (point) => point.p99Ms,
    },
    {
      title: 'Errors',
      value: percent(totals.errorRatio),
      more: `${rate(totals.errorsPerSecond)}/s, ${rate(totals.retriesPerSecond)}/s retried, ${rate(totals.refusedPerSecond)}/s refused`,
      tone: errorTone,
      read: (point) => point.errorRatio,
    },
    {
      title: 'In flight',
      value: formatCount(totals.inflight),
      more: `${formatCount(totals.connections)} connections, ${formatCount(totals.tunnels)} tunnels`,
      read: (point) => point.inflight,
    },
    {
      title: 'Process',
      value: percent(process.cpuRatio),
      unit: ' CPU',
      more: `${bytes(process.residentBytes)}B of memory`,
    },
  ]
  return (
    <dl class="tiles">
      {tiles.map(({ title, value, unit = '', more, tone = 'dim', read }) => (
        <div class="tile" key={title}>
          <dt>{title}</dt>
          <dd class={`tile-value tone-of-${tone}`}>
            {value}
            <span class="unit">{unit}</span>
          </dd>
          <dd class="tile-more">{unbroken(more)}</dd>
          {read && <Sparkline values={seriesOf(history, '', spanSeconds(state), read)} />}
        </div>
      ))}
    </dl>
  )
}

/** Lines end behind commas alone. */
const unbroken = (text: string): string => text.replaceAll(/(?<!,) /g, '\u00A0')

const [width, height] = [160, 32]

/** For the eye alone: the charts say the same in words. */
function Sparkline({ values }: { readonly values: readonly number[] }) {
  // Some air above, so that what never changes is a line and no block.
  const top = 1.2 * Math.max(...values, Number.MIN_VALUE)
  const step = width / Math.max(1, values.length - 1)
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)},${(height - 1 - (value / top) * (height - 3)).toFixed(1)}`,
  )
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {points.length > 1 && (
        <>
          <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} />
          <polyline points={points.join(' ')} />
        </>
      )}
    </svg>
  )
}
