/** The columns of every list of backends: pure. */
import { cutMiddle } from '../text/fit.ts'
import { formatInflight, formatWeight } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { sparkline, squeeze } from './chart.ts'
import { latency, rate } from '../../core/view/format.ts'
import { type Column, toned } from './grid.ts'
import { type History, seriesOf } from '../../core/view/history.ts'
import { cell, type Span, span } from './line.ts'
import type { BackendRow } from '../../core/view/rows.ts'
import { checkWords, errorsOf, stateOf } from './words.ts'

export interface ColumnOptions {
  readonly history: History
  readonly spanSeconds: number
  /** Wall ms of the frame. */
  readonly now: number
  /** Whether ids need their pool. */
  readonly withPool: boolean
}

const sparkWidth = 12

/** Titles are also what `s` sorts by. */
export function backendColumns({ history, spanSeconds, now, withPool }: ColumnOptions): readonly Column<BackendRow>[] {
  return [
    {
      title: 'name',
      width: 0,
      cells: ({ id, backend }, width, { glyphs }) =>
        cutMiddle(printable(withPool ? id : backend.id), width, glyphs.ellipsis),
    },
    { title: 'state', width: 11, cells: (row, _, theme) => stateOf(row, theme) },
    { title: 'weight', width: 6, from: 70, align: 'right', cells: ({ backend }) => weightText(backend) },
    { title: 'share %', width: 8, from: 78, align: 'right', cells: shareCells },
    { title: 'zone', width: 8, from: 140, cells: ({ backend }) => span(printable(backend.zone ?? '-'), 'dim') },
    { title: 'in flight', width: 9, align: 'right', from: 110, cells: ({ backend }) => formatInflight(backend) },
    {
      title: '',
      width: sparkWidth,
      from: 110,
      cells: ({ id }, width, theme) => {
        const series = seriesOf(history, id, spanSeconds, (point) => point.requestsPerSecond)
        return span(sparkline(squeeze(series, width), width, theme), 'bar')
      },
    },
    { title: 'req/s', width: 5, align: 'right', cells: ({ backend }) => rate(backend.requestsPerSecond) },
    { title: 'ewma', width: 6, align: 'right', from: 110, cells: ({ backend }) => latency(backend.ewmaMs) },
    { title: 'p50', width: 6, align: 'right', cells: medianCell },
    { title: 'p99', width: 6, align: 'right', cells: ({ backend }) => latency(backend.latency?.p99Ms) },
    { title: 'errors', width: 6, align: 'right', cells: ({ backend }) => errorsOf(backend) },
    { title: 'last check', width: 24, from: 130, cells: ({ backend }) => span(` ${checkWords(backend, now)}`, 'dim') },
  ]
}

const shareCells = ({ backend: { share, expectedShare }, pool }: BackendRow, width: number): readonly Span[] => [
  span(
    cell(percent100(share), width - 4, 'right'),
    pool.requestsPerSecond > 0 && isFar(share, expectedShare) ? 'warn' : 'plain',
  ),
  span(cell(`/${percent100(expectedShare)}`, 4), 'dim'),
]

const medianCell = ({ backend, finding }: BackendRow): Span =>
  toned(latency(backend.latency?.p50Ms), finding?.kind === 'slow' && finding.backend === backend.id && 'warn')

const weightText = ({ weight, effectiveWeight }: BackendRow['backend']): string =>
  weight === effectiveWeight ? formatWeight(weight) : `${tidy(effectiveWeight)}/${tidy(weight)}`

/** Two of them have to go into six columns. */
const tidy = (weight: number): string => String(Number(weight.toPrecision(2)))

/** Without a unit: the title stands for two numbers. */
const percent100 = (ratio: number): string => String(Math.round(ratio * 100))

/** Half as much or twice as much as the weights promise, where that is more than chance; of a pool with traffic. */
const isFar = (share: number, expected: number): boolean =>
  expected > 0.01 && (share > expected * 1.5 || share < expected * 0.5)
