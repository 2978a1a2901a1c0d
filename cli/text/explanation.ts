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
  return [headLine(told, look), ...blocks, ...none].join('')
}

function headLine(told: ToldExplanation, { color, width }: ExplanationLook): string {
  const { at, method, target, pool, status, ending, detail, durationMs, asked } = told
  const what =
    status === null ? 'left before an answer' : ending === 'answered' ? String(status) : `${status} ${ending}`
  const facts = [
    `${what} in ${formatMs(durationMs)}`,
    ...(pool === null ? [] : [`pool ${pool}`]),
    ...(detail === undefined ? [] : [detail]),
    ...(asked ? ['asked for'] : []),
  ]
  const lines = wrapWords(printable(`${at}  ${method} ${target}  ${facts.join(', ')}`), width)
  const style = status === null || status >= 500 ? 'red' : 'bold'
  return lines.map((line) => `${paint(line, style, color)}\n`).join('')
}

function formatAttempt(attempt: ToldAttempt, number: number, look: ExplanationLook): string {
  const { backend, hedge, startMs, firstByteMs, totalMs, outcome, status, pick } = attempt
  const times = [
    ...(startMs > 0 ? [`begun after ${formatMs(startMs)}`] : []),
    firstByteMs === null ? 'no response' : `first byte after ${formatMs(firstByteMs)}`,
    `over after ${formatMs(totalMs)}`,
  ]
  const came = status === null ? outcome : `${outcome} with ${status}`
  const line = `${number}. ${backend}${hedge ? ', beside one that was slow' : ''}: ${came}; ${times.join(', ')}.`
  if (pick === null) return indented(line, 2, look)
  return indented(line, 2, look) + indented(`Why: ${pick.why}.`, 5, look) + formatPick(pick, look)
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
    return `Not ${backend}, by ${by}: ${why}${left}.`
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

/** Those who agree in one line, each of the others by itself. */
function otherWords(others: ToldPick['others'], chosen: string | null): readonly string[] {
  if (others.length === 0) return []
  const same = others.filter(({ backend }) => backend === chosen).map(({ strategy }) => strategy)
  const different = others.filter(({ backend }) => backend !== chosen)
  return [
    ...different.map(({ strategy, backend }) => `${strategy} would have taken ${backend}.`),
    ...(same.length > 0 ? [`${same.join(', ')} would have done the same.`] : []),
  ]
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

function indented(text: string, columns: number, { width }: ExplanationLook): string {
  const room = width === undefined ? undefined : Math.max(20, width - columns)
  const space = ' '.repeat(columns)
  return wrapWords(printable(text), room)
    .map((line) => `${space}${line}\n`)
    .join('')
}
