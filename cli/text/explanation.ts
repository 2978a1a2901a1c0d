/** An explained request for people: a block of lines, of which the indented ones say why. Pure. */
import type { ToldAttempt, ToldExplanation, ToldPick } from '../../core/explain/told.ts'
import { widthOf, wrapWords } from './fit.ts'
import { formatCount, formatMs, formatSpan } from '../../core/view/amounts.ts'
import { alignTable, type Cell } from './table.ts'
import { paint, printable } from './text.ts'

export interface ExplanationLook {
  readonly color: boolean
  /** Columns; undefined: as many as it takes. */
  readonly width: number | undefined
}

/** More candidates than that nobody compares by eye. */
const MOST_ROWS = 8
const MOST_EXCLUDED = 8

export function formatExplanation(told: ToldExplanation, look: ExplanationLook): string {
  const { attempts, nobody } = told
  const blocks = attempts.map((attempt, index) => formatAttempt(attempt, index + 1, look))
  const none = nobody === undefined ? [] : [indented(`Nobody: ${nobody.why}.`, 2, look), formatPick(nobody, look)]
  return [headLines(told, look), ...blocks, ...none].join('')
}

/** What was asked for, and below it what came of that. */
function headLines(told: ToldExplanation, look: ExplanationLook): string {
  const { at, method, target, route, pool, detail, durationMs, asked } = told
  const facts = [
    `${answerOf(told)} in ${formatMs(durationMs)}`,
    ...(route === null || route === '*' ? [] : [`route ${route}`]),
    ...(pool === null ? [] : [`pool ${pool}`]),
    ...(detail === undefined ? [] : [detail]),
    ...(asked ? ['asked for'] : []),
    at.replace('T', ' ').replace('Z', ' UTC'),
  ]
  const style = isBad(told) ? 'red' : 'bold'
  return indented(`${method} ${target}`, 0, { ...look, style }) + indented(facts.join(', '), 2, look)
}

/** `200`, `503 refused`; of who left, that. */
export const answerOf = ({ status, ending }: Pick<ToldExplanation, 'status' | 'ending'>): string =>
  status === null ? 'left before an answer' : ending === 'answered' ? String(status) : `${status} ${ending}`

/** Of which an operator wants to know. */
export const isBad = ({ status }: Pick<ToldExplanation, 'status'>): boolean => status === null || status >= 500

function formatAttempt(attempt: ToldAttempt, number: number, look: ExplanationLook): string {
  const { backend, hedge, outcome, status, grpcStatus, pick } = attempt
  const call = grpcStatus === undefined ? '' : ` (gRPC ${grpcStatus})`
  const came = (outcome === 'completed' && status !== null ? String(status) : outcome) + call
  const line = `${number}. ${backend}${hedge ? ', beside one that was slow' : ''}: ${came}; ${timesOf(attempt)}.`
  const why = pick === null ? '' : indented(`Why: ${pick.why}.`, 5, look) + formatPick(pick, look)
  return indented(line, 2, look) + why
}

/** Shorter is a connection that was there, or as near as that. */
const SLOW_CONNECT_MS = 1

/** Those that say something. */
function timesOf({ startMs, readyMs, firstByteMs, totalMs }: ToldAttempt): string {
  const first = firstByteMs === null ? undefined : formatMs(firstByteMs)
  const total = formatMs(totalMs)
  return [
    ...(startMs > 0 ? [`begun after ${formatMs(startMs)}`] : []),
    ...(readyMs !== null && readyMs >= SLOW_CONNECT_MS ? [`connected after ${formatMs(readyMs)}`] : []),
    first === undefined ? 'no response' : `first byte after ${first}`,
    ...(total === first ? [] : [`over after ${total}`]),
  ].join(', ')
}

function formatPick(pick: ToldPick, look: ExplanationLook): string {
  const { candidates, excluded, counts, others, chosen } = pick
  const isTable = candidates.length > 1
  const rows = candidates.slice(0, MOST_ROWS)
  const table = isTable ? tableOf([header, ...rows.map((one) => rowOf(one, pick))], look) : ''
  const further =
    isTable && counts.candidates > rows.length ? [`and ${formatCount(counts.candidates - rows.length)} more`] : []
  const out = excluded.slice(0, MOST_EXCLUDED).map(({ backend, by, why, untilMs }) => {
    const left = untilMs === null ? '' : `, ${untilMs < 1000 ? formatMs(untilMs) : formatSpan(untilMs)} left`
    return `Not ${backend} (${by}): ${why}${left}.`
  })
  const many = counts.excluded > out.length ? [`Nor ${formatCount(counts.excluded - out.length)} more.`] : []
  return [
    table,
    ...[...further, ...out, ...many, ...otherWords(others, chosen)].map((line) => indented(line, 5, look)),
  ].join('')
}

/** Without the columns that can be done without where there is no room for them. */
function tableOf(rows: readonly (readonly Cell[])[], { color, width = Infinity }: ExplanationLook): string {
  const aligned = (colored: boolean, among = rows): string =>
    alignTable(among, colored).replace(/^/gm, '   ').replace(/ +$/gm, '')
  const isTooWide = aligned(false)
    .split('\n')
    .some((line) => widthOf(line) > width)
  return isTooWide
    ? aligned(
        color,
        rows.map((row) => row.filter((_, column) => !spare.has(column))),
      )
    : aligned(color)
}

/** Weight and median. */
const spare: ReadonlySet<number> = new Set([3, 4])

/** A line for each choice, and the strategies that would have made it. */
function otherWords(others: ToldPick['others'], chosen: string | null): readonly string[] {
  const byChoice = [...Map.groupBy(others, ({ backend }) => backend)]
  return byChoice
    .toSorted(([one], [other]) => Number(one === chosen) - Number(other === chosen))
    .map(([backend, agreeing]) => {
      const names = agreeing.map(({ strategy }) => strategy).join(', ')
      return backend === chosen ? `${names} would have done the same.` : `${names} would have taken ${backend}.`
    })
}

const header: readonly Cell[] = ['backend', 'score', 'in flight', 'weight', 'median', ''].map((text, index) => ({
  text,
  style: 'dim',
  right: index > 0 && index < 5,
}))

function rowOf(candidate: ToldPick['candidates'][number], { chosen, runnerUp, drawn }: ToldPick): readonly Cell[] {
  const { backend, score, inflight, weight, latencyMs } = candidate
  const notes = [
    ...(backend === chosen ? ['taken'] : []),
    ...(backend === runnerUp ? ['runner-up'] : []),
    ...(drawn.includes(backend) ? ['drawn'] : []),
  ]
  const right = (text: string): Cell => ({ text, right: true })
  return [
    { text: printable(backend), ...(backend === chosen && { style: 'green' as const }) },
    right(score === null ? '-' : shortNumber(score)),
    right(formatCount(inflight)),
    right(shortNumber(weight)),
    right(latencyMs === null ? '-' : formatMs(latencyMs)),
    { text: notes.join(', ') },
  ]
}

const shortNumber = (value: number): string => String(Number(value.toPrecision(4)))

function indented(text: string, columns: number, { color, width, style }: Painted): string {
  const room = width === undefined ? undefined : Math.max(20, width - columns)
  return wrapWords(printable(text), room)
    .map((line) => `${' '.repeat(columns)}${style ? paint(line, style, color) : line}\n`)
    .join('')
}

interface Painted extends ExplanationLook {
  readonly style?: 'bold' | 'red'
}
