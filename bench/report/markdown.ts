/** The results as docs/benchmarks.md. Pure. */
import { metrics } from '../metric.ts'
import type { Results } from '../results.ts'
import { listFlaws, listLeftOut, toBlocks, toCells } from './columns.ts'

const method = `Every contestant runs one worker (or thread) on a core of its own, with kept-alive backend connections, no access log, and the
same forwarded fields to write; its whole configuration is in \`bench/peers/\`. All pass requests to the same backend, which answers
from memory. Rounds alternate (A B C A B C), so that a machine that drifts drifts for everybody. CPU time is what the kernel booked
for all threads and processes of a contestant. At a fixed rate, latency counts from the instant at which a request was meant to be
sent (open loop), so that a stall is not hidden by the requests it held up. \`pipe\` is a Bun program that copies bytes unread:
the floor for anything on these sockets. Rounds in which other processes took part of the contestant's core, or the load generator was late, are left
out, as the end of this page tells; a row marked with \`!\` has no other rounds.`

/** Ends with a newline. Says first how it came about, then what was found. */
export function renderMarkdown(results: Results): string {
  const blocks = toBlocks(results.rows)
  const used = new Set(blocks.flatMap((block) => block.columns))
  const flaws = [...listFlaws(results.rows), ...listLeftOut(results.rows), ...results.complaints]
  const parts = [
    '# Benchmarks',
    `Written by \`${results.command}\`; do not edit. The sources are in \`bench/\`.`,
    method,
    renderFacts(results),
    ...blocks.map((block, index) => {
      const isFirst = blocks[index - 1]?.scenario !== block.scenario
      const heading = isFirst ? `## ${block.scenario}\n\n${results.scenarios[block.scenario] ?? ''}\n\n` : ''
      return `${heading}### ${block.variant}\n\n${renderTable(toCells(block))}`
    }),
    `## What the columns mean\n\n${[...used].map((name) => `- **${metrics[name].label}**: ${metrics[name].meaning}.`).join('\n')}
- **×nginx**: the column before, over nginx's. **±**: half the range of the rounds, over their median.`,
    ...(flaws.length === 0
      ? []
      : [`## Flaws of this run\n\n${flaws.map((flaw) => `- ${escapeCell(flaw)}`).join('\n')}`]),
  ]
  return `${parts.join('\n\n')}\n`
}

function renderFacts({ date, machine, settings, versions, interrupted }: Results): string {
  const memory = `${Math.round(machine.memoryBytes / 1024 ** 3)} GiB`
  const facts = [
    `Date: ${date.slice(0, 10)}`,
    `Machine: ${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.system}; ${machine.pinning}`,
    `Load: ${settings.connections} connections, ${settings.rounds} alternating rounds of ${settings.secondsPerRound} s for each contestant; medians`,
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    ...(interrupted ? ['**Interrupted: not all was measured.**'] : []),
  ]
  return facts.map((fact) => `- ${fact}`).join('\n')
}

function renderTable(cells: readonly (readonly string[])[]): string {
  const [header = [], ...lines] = cells
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  return [header, rule, ...lines].map((line) => `| ${line.map(escapeCell).join(' | ')} |`).join('\n')
}

const escapeCell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')
