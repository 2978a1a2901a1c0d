/** Values over time, by uPlot; what it shows is told in words, too. */
/** @jsxImportSource preact */
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { clockTime } from '../../core/view/format.ts'
import type { Colors } from './colors.ts'

export interface Curve {
  readonly label: string
  readonly color: keyof Omit<Colors, 'heat'>
  /** undefined: nothing was seen then. */
  readonly values: readonly (number | undefined)[]
  /** Filled below. */
  readonly isArea?: boolean
}

export interface TimeChartProps {
  readonly title: string
  /** In words, for who does not see it. */
  readonly summary: string
  /** Wall seconds, rising. */
  readonly times: readonly number[]
  readonly curves: readonly Curve[]
  readonly format: (value: number) => string
  readonly colors: Colors
}

const height = 180

export function TimeChart(props: TimeChartProps) {
  const { title, summary, curves, colors } = props
  const place = useRef<HTMLDivElement>(null)
  const readout = useRef<HTMLSpanElement>(null)
  const chart = useRef<UPlot>(undefined)
  const newest = useRef(props)
  newest.current = props

  useEffect(() => {
    const { current: element } = place
    if (element === null) return
    const options = optionsOf(newest, element.clientWidth, (text) => {
      if (readout.current !== null) readout.current.textContent = text
    })
    const made = new UPlot(options, dataOf(newest.current), element)
    chart.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = undefined
    }
  }, [colors, curves.length])

  useEffect(() => chart.current?.setData(dataOf(newest.current)))

  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="keys">
          {curves.map(({ label, color }) => (
            <span key={label} class={`key key-${color}`}>
              {label}
            </span>
          ))}
        </span>
        <span class="readout" ref={readout} aria-hidden="true" />
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={`${title}: ${summary}`} />
    </figure>
  )
}

const dataOf = ({ times, curves }: TimeChartProps): UPlot.AlignedData => [
  [...times],
  ...curves.map(({ values }) => values.map((value) => value ?? null)),
]

/** `tell`: what lies below the pointer; empty: nothing does. */
function optionsOf(
  newest: { readonly current: TimeChartProps },
  width: number,
  tell: (text: string) => void,
): UPlot.Options {
  const { curves, colors } = newest.current
  const format = (value: number): string => newest.current.format(value)
  const axis = {
    stroke: colors.dim,
    grid: { stroke: colors.line, width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  }
  return {
    width,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 }, y: false },
    scales: { x: { time: true }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.08 : 1] } },
    axes: [
      {
        ...axis,
        values: (_, times) => times.map((time) => clockTime(time * 1000).slice(0, times.length > 1 ? 8 : 5)),
        space: 72,
        size: 28,
      },
      { ...axis, values: (_, values) => values.map(format), size: 56, space: 36 },
    ],
    series: [
      {},
      ...curves.map(({ label, color, isArea = false }) => ({
        label,
        stroke: colors[color],
        width: 1.5,
        points: { show: false },
        ...(isArea && { fill: faint(colors[color]) }),
      })),
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx } }) => {
          const { times, curves: now } = newest.current
          const time = idx === null || idx === undefined ? undefined : times[idx]
          if (time === undefined) return tell('')
          const values = now.map(({ label, values }) => `${label} ${format(values[idx ?? 0] ?? 0)}`)
          tell(`${clockTime(time * 1000)} · ${values.join(' · ')}`)
        },
      ],
    },
  }
}

/** `rgb(…)` or any other colour, at an eighth of its strength. */
const faint = (color: string): string => `color-mix(in srgb, ${color} 14%, transparent)`
