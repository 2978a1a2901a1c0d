/** The results as one self-contained HTML page: tables, bars for the compared figures, latency curves. Pure. */
import { type MetricName, metrics } from '../metric.ts'
import type { Results } from '../results.ts'
import {
  describeLoad,
  type Block,
  cellText,
  comparedColumns,
  explainMetric,
  listFlaws,
  listLeftOut,
  ratioText,
  toBlocks,
} from './columns.ts'
import type { Row } from '../summary.ts'
import { escapeHtml, renderCurve } from './curve.ts'
import { toStrategyCells } from './strategies.ts'
import { stylesheet } from './stylesheet.ts'

/** Told apart also by those who see few colours (Okabe and Ito, 2008; the last four by Tol, 2021); SmartEdge has the first. */
const palette = `#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #7f7f7f #8c6d31
  #882255 #44aa99 #999933 #6699cc`.split(/\s+/)

const reading = `↑ more is better, ↓ less is better; the bars follow the figures. 1.05× is a figure over nginx’s, ±2% half the range of
the rounds over their median: a difference smaller than both spreads is none. CPU time per request is the figure to trust first; on
few cores p99 is as much the machine’s as the contestant’s. <span class="flaw">!</span> has no undisturbed round: see the end.`

/** A whole document; every text from outside is escaped. */
export function renderHtml(results: Results): string {
  const color = colorsOf(results)
  const blocks = toBlocks(results.rows)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SmartEdge benchmark, ${escapeHtml(results.date.slice(0, 10))}</title>
<style>${stylesheet}</style>
</head>
<body>
<h1>SmartEdge benchmark</h1>
${renderFacts(results)}
<p class="reading">${reading}</p>
${renderStrategies(results.rows)}
${blocks.map((block, index) => renderBlock(block, results, color, blocks[index - 1]?.scenario !== block.scenario)).join('\n')}
${renderNotes(results, blocks)}
</body>
</html>
`
}

/** One table before those that it sums up. */
function renderStrategies(rows: readonly Row[]): string {
  const [header, ...lines] = toStrategyCells(rows)
  if (header === undefined) return ''
  const head = header.map((text) => `<th>${escapeHtml(text)}</th>`)
  const body = lines.map(([name = '', ...cells]) => {
    const rest = cells.map((text) => `<td>${escapeHtml(text)}</td>`)
    return `<tr><th>${escapeHtml(name)}</th>${rest.join('')}</tr>`
  })
  return `<h2>All strategies</h2>
<section><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></section>`
}

/** What the columns mean, and what is not to be trusted. */
function renderNotes({ rows, complaints }: Results, blocks: readonly Block[]): string {
  const used = [...new Set(blocks.flatMap((block) => block.columns))]
  const meanings = used.map((name) => `<dt>${metrics[name].label}</dt><dd>${escapeHtml(explainMetric(name))}</dd>`)
  return [
    meanings.length === 0 ? '' : `<h2>What the columns mean</h2>\n<dl>${meanings.join('')}</dl>`,
    renderList('Not to be trusted', [...complaints, ...listFlaws(rows)], true),
    renderList('Rounds left out', listLeftOut(rows), false),
  ].join('\n')
}

function renderList(heading: string, lines: readonly string[], isOpen: boolean): string {
  if (lines.length === 0) return ''
  const items = lines.map((line) => `<li>${escapeHtml(line)}</li>`)
  return `<details${isOpen ? ' open' : ''}><summary>${heading}: ${lines.length}</summary><ul>${items.join('')}</ul></details>`
}

type ColorOf = (contestant: string) => string

function colorsOf({ rows }: Results): ColorOf {
  const names = [...new Set(rows.map((row) => row.contestant))].sort((a, b) => rank(a) - rank(b))
  return (contestant) => palette[names.indexOf(contestant) % palette.length] ?? '#000'
}

const rank = (name: string): number => (name.startsWith('smartedge') ? 0 : 1)

function renderFacts({ command, date, machine, settings, versions, interrupted }: Results): string {
  const facts = {
    Date: `${date.slice(0, 16).replace('T', ' ')} UTC`,
    Machine: `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 1024 ** 3)} GiB, ${machine.system}; ${machine.pinning}`,
    Load: describeLoad(settings),
    Versions: Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    Command: command,
  }
  const list = Object.entries(facts).map(([name, text]) => `<dt>${name}</dt><dd>${escapeHtml(text)}</dd>`)
  const warning = interrupted ? '<p class="warning">Interrupted: not all was measured.</p>' : ''
  return `<dl>${list.join('')}</dl>\n${warning}`
}

function renderBlock(block: Block, results: Results, color: ColorOf, isFirst: boolean): string {
  const summary = results.scenarios[block.scenario] ?? ''
  const heading = isFirst ? `<h2>${escapeHtml(block.scenario)}</h2>\n<p>${escapeHtml(summary)}</p>` : ''
  const lines = block.rows.map(({ contestant, curve }) => ({
    label: contestant,
    color: color(contestant),
    points: curve,
  }))
  const curve = renderCurve(lines.filter((line) => line.points.length > 0))
  return `${heading}
<section>
<h3>${escapeHtml(block.variant)}</h3>
${renderTable(block, color)}
${curve}
</section>`
}

const arrows = { more: ' ↑', less: ' ↓', none: '' }

function renderTable(block: Block, color: ColorOf): string {
  const header = block.columns.map(
    (name) =>
      `<th title="${escapeHtml(metrics[name].meaning)}">${metrics[name].label}${arrows[metrics[name].better]}</th>`,
  )
  const compared = new Set(comparedColumns(block))
  const rows = block.rows.map((row) => {
    const flaw = row.flaws.length > 0 ? ` <span class="flaw" title="${escapeHtml(row.flaws.join('; '))}">!</span>` : ''
    const cells = block.columns.map((name) =>
      renderCell(block, row, name, compared.has(name) ? color(row.contestant) : ''),
    )
    const mark = `<b style="background:${color(row.contestant)}"></b>`
    const own = rank(row.contestant) === 0 ? ' class="own"' : ''
    return `<tr${own}><th>${mark}${escapeHtml(row.contestant)}${flaw}</th>${cells.join('')}</tr>`
  })
  return `<table><thead><tr><th></th>${header.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`
}

/** With a bar in `color`, as long as its part of the column's largest figure; empty: without one. */
function renderCell(block: Block, row: Row, name: MetricName, color: string): string {
  const value = row.values[name]?.median ?? 0
  const most = Math.max(...block.rows.map((each) => each.values[name]?.median ?? 0))
  const width = ((value / (most || 1)) * 100).toFixed(1)
  const bar =
    color === '' ? '' : `<i style="width:${width}%;background:${color}"></i><small>${ratioText(row, name)}</small>`
  const text =
    name === 'failed' && value > 0 ? `<span class="failed">${cellText(row, name)}</span>` : cellText(row, name)
  return `<td>${text}${bar}</td>`
}
