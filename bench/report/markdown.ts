/** The results as docs/benchmarks.md. Pure. */
import { metrics } from '../metric.ts'
import type { Results } from '../results.ts'
import { describeLoad, explainMetric, listFlaws, listLeftOut, toBlocks, toCells } from './columns.ts'
import { toStrategyCells } from './strategies.ts'

const reading = `## How to read it

- Compare within a table, never across tables or machines. **×nginx** is a figure over nginx's, measured in turns with it on
  the same core: it holds where absolute figures do not. **±** is half the range of the rounds over their median; a difference
  smaller than both spreads is none. With six rounds or more the ratio is the median of those of single rounds, and the
  interval in brackets encloses the true one with a confidence of 95 % (sign test).
- **CPU µs/req** is the figure to trust first: the kernel books it by process, so that a busy machine hardly moves it. Its
  inverse is what a core can carry. At a fixed rate it is higher than at full speed for everybody, since each wake-up serves
  fewer requests.
- **req/s** says something when the contestant used up its core; a round in which the load or the backend held it up is
  left out.
- **p99** on a machine with few cores is as much the machine's as the contestant's. Look at who is far from the others, not
  at the order of neighbours.
- A row marked with \`!\` has no undisturbed round; the end of this page says why. Its speeds and latencies are compared with
  nothing.
- \`pipe\` is a Bun program that copies bytes unread: the floor for anything on these sockets, and no balancer.

## How it was measured

Every contestant runs one worker (or thread) on a core of its own, with kept-alive backend connections, no access log, and the
same forwarded fields to write; its whole configuration is in \`bench/peers/\`. All pass requests to the same backend, which answers
from memory. Rounds alternate (A B C A B C), so that a machine that drifts drifts for everybody. CPU time is what the kernel booked
for all threads and processes of a contestant. At a fixed rate, latency counts from the instant at which a request was meant to be
sent (open loop), so that a stall is not hidden by the requests it held up. Rounds in which other processes took part of the
contestant's core, or the load generator was late, are left out as long as others remain.`

/** Ends with a newline. Says first how to read it and how it came about, then what was found. Formatted as `bun fmt` would. */
export function renderMarkdown(results: Results): string {
  const blocks = toBlocks(results.rows)
  const strategies = toStrategyCells(results.rows)
  const used = new Set(blocks.flatMap((block) => block.columns))
  const parts = [
    '# Benchmarks',
    `Written by \`${results.command} --markdown\`; do not edit. The sources are in \`bench/\`.`,
    reading,
    renderFacts(results),
    ...(strategies.length > 0 ? [`## All strategies\n\n${renderTable(strategies)}`] : []),
    ...blocks.map((block, index) => {
      const isFirst = blocks[index - 1]?.scenario !== block.scenario
      const heading = isFirst ? `## ${block.scenario}\n\n${results.scenarios[block.scenario] ?? ''}\n\n` : ''
      return `${heading}### ${block.variant}\n\n${renderTable(toCells(block))}`
    }),
    `## What the columns mean\n\n${[...used].map((name) => `- **${metrics[name].label}**: ${explainMetric(name)}.`).join('\n')}`,
    ...renderList('## Not to be trusted', [...results.complaints, ...listFlaws(results.rows)]),
    ...renderList('## Rounds left out', listLeftOut(results.rows)),
  ]
  return `${parts.join('\n\n')}\n`
}

const renderList = (heading: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${heading}\n\n${lines.map((line) => `- ${escapeCell(line)}`).join('\n')}`]

function renderFacts({ date, machine, settings, versions, interrupted }: Results): string {
  const memory = `${Math.round(machine.memoryBytes / 1024 ** 3)} GiB`
  const facts = [
    `Date: ${date.slice(0, 10)}`,
    `Machine: ${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.system}; ${machine.pinning}`,
    `Load: ${describeLoad(settings)}`,
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    ...(interrupted ? ['**Interrupted: not all was measured.**'] : []),
  ]
  return facts.map((fact) => `- ${fact}`).join('\n')
}

/** The first column to the left, the others to the right. */
function renderTable(lines: readonly (readonly string[])[]): string {
  const escaped = lines.map((line) => line.map(escapeCell))
  const widths = (escaped[0] ?? []).map((_, column) => Math.max(3, ...escaped.map((line) => line[column]?.length ?? 0)))
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  const [header = [], ...rows] = escaped.map((line) => line.map(pad))
  return [header, rule, ...rows].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

const escapeCell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')
