/** The results as one self-contained HTML page: tables, bars for the compared figures, latency curves. Pure. */
import { metrics } from '../metric.ts'
import type { Results } from '../results.ts'
import { type Block, cellText, comparedColumns, listFlaws, listLeftOut, ratioText, toBlocks } from './columns.ts'
import { escapeHtml, renderCurve } from './curve.ts'
import { stylesheet } from './stylesheet.ts'

/** Told apart also by those who see few colours (Okabe and Ito, 2008); SmartEdge has the first. */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#8c6d31']

/** A whole document; every text from outside is escaped. */
export function renderHtml(results: Results): string {
  const color = colorsOf(results)
  const blocks = toBlocks(results.rows)
  const flaws = [...listFlaws(results.rows), ...listLeftOut(results.rows), ...results.complaints]
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
${blocks.map((block, index) => renderBlock(block, results, color, blocks[index - 1]?.scenario !== block.scenario)).join('\n')}
${flaws.length === 0 ? '' : `<h2>Flaws of this run</h2>\n<ul class="flaws">${flaws.map((flaw) => `<li>${escapeHtml(flaw)}</li>`).join('')}</ul>`}
</body>
</html>
`
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
    Load: `${settings.connections} connections, ${settings.rounds} alternating rounds of ${settings.secondsPerRound} s for each contestant; medians`,
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

function renderTable(block: Block, color: ColorOf): string {
  const header = block.columns.map(
    (name) => `<th title="${escapeHtml(metrics[name].meaning)}">${metrics[name].label}</th>`,
  )
  const compared = new Set(comparedColumns(block))
  const rows = block.rows.map((row) => {
    const flaw = row.flaws.length > 0 ? ` <span class="flaw" title="${escapeHtml(row.flaws.join('; '))}">!</span>` : ''
    const cells = block.columns.map((name) => {
      const most = Math.max(...block.rows.map((each) => each.values[name]?.median ?? 0))
      const share = ((row.values[name]?.median ?? 0) / (most || 1)) * 100
      const bar = compared.has(name)
        ? `<i style="width:${share.toFixed(1)}%;background:${color(row.contestant)}"></i><small>${ratioText(row, name)}</small>`
        : ''
      return `<td>${cellText(row, name)}${bar}</td>`
    })
    const mark = `<b style="background:${color(row.contestant)}"></b>`
    return `<tr><th>${mark}${escapeHtml(row.contestant)}${flaw}</th>${cells.join('')}</tr>`
  })
  return `<table><thead><tr><th></th>${header.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`
}
