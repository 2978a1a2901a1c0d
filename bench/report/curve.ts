/** Latency by percentile as an inline SVG: the further right, the rarer. Both axes are logarithmic. Pure. */
import type { CurvePoint } from '../scenario.ts'

export interface Line {
  readonly label: string
  /** A CSS colour. */
  readonly color: string
  readonly points: readonly CurvePoint[]
}

const width = 760
const height = 340
const frame = { left: 64, top: 16, bottom: 44 }
const ticks = [0, 50, 90, 99, 99.9, 99.99]

/** Width of a character of the legend, about, and what stands beside its text. */
const legend = { characterPx: 6.6, besidePx: 40, maxCharacters: 36 }

/** Empty without points. 100 % is drawn where the rarest request of the sample stands. */
export function renderCurve(lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points)
  if (points.length === 0) return ''
  const labels = lines.map((line) => Math.min(line.label.length, legend.maxCharacters))
  const right = width - Math.max(...labels) * legend.characterPx - legend.besidePx
  const rarest = Math.max(...points.filter((point) => point.percent < 100).map((point) => rarity(point.percent)), 1)
  const x = linear(0, rarest + 0.4, frame.left, right)
  const lowest = Math.floor(Math.log10(Math.max(1, Math.min(...points.map((point) => point.us)))))
  const highest = Math.ceil(Math.log10(Math.max(10, ...points.map((point) => point.us))))
  const y = linear(lowest, highest, height - frame.bottom, frame.top)
  const place = ({ percent, us }: CurvePoint): readonly [number, number] => [
    x(percent === 100 ? rarest + 0.4 : rarity(percent)),
    y(Math.log10(Math.max(1, us))),
  ]
  const paths = lines.map((line) => renderLine(line, line.points.map(place)))
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="latency by percentile">
${renderAxes(x, y, rarest, { lowest, highest })}
<text x="${(frame.left + right) / 2}" y="${height - 6}" text-anchor="middle">so many of the requests were answered within …</text>
${paths.join('\n')}
${renderLegend(lines, right + 14)}
</svg>`
}

/** 0 for 0 %, 1 for 90 %, 2 for 99 %, 3 for 99.9 %. */
const rarity = (percent: number): number => -Math.log10(1 - percent / 100)

const linear = (from: number, to: number, low: number, high: number) => (value: number) =>
  low + ((value - from) / Math.max(1e-9, to - from)) * (high - low)

function renderLine({ color, label }: Line, places: readonly (readonly [number, number])[]): string {
  const points = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="2.2" stroke-linejoin="round"><title>${escapeHtml(label)}</title></polyline>`
}

type Scale = (value: number) => number

function renderAxes(
  x: Scale,
  y: Scale,
  rarest: number,
  { lowest, highest }: { lowest: number; highest: number },
): string {
  const columns = [...ticks.filter((percent) => rarity(percent) <= rarest), 100].map((percent) => {
    const at = x(percent === 100 ? rarest + 0.4 : rarity(percent)).toFixed(1)
    const text = percent === 100 ? 'max' : `${percent}%`
    return `<line class="grid" x1="${at}" x2="${at}" y1="${frame.top}" y2="${height - frame.bottom}"/><text x="${at}" y="${height - frame.bottom + 18}" text-anchor="middle">${text}</text>`
  })
  const rows = Array.from({ length: highest - lowest + 1 }, (_, index) => {
    const at = y(lowest + index).toFixed(1)
    return `<line class="grid" x1="${x(0)}" x2="${x(rarest + 0.4).toFixed(1)}" y1="${at}" y2="${at}"/><text x="${frame.left - 8}" y="${at}" dy="4" text-anchor="end">${formatUs(10 ** (lowest + index))}</text>`
  })
  return [...columns, ...rows].join('\n')
}

function renderLegend(lines: readonly Line[], x: number): string {
  return lines
    .map(({ color, label }, index) => {
      const y = frame.top + 10 + index * 20
      return `<rect x="${x}" y="${y - 8}" width="12" height="12" rx="3" fill="${color}"/><text x="${x + 18}" y="${y + 2}">${escapeHtml(shorten(label))}</text>`
    })
    .join('\n')
}

const shorten = (label: string): string =>
  label.length > legend.maxCharacters ? `…${label.slice(1 - legend.maxCharacters)}` : label

const formatUs = (us: number): string => (us < 1000 ? `${us} µs` : us < 1e6 ? `${us / 1000} ms` : `${us / 1e6} s`)

/** Text as HTML shows it. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
