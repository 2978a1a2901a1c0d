/**
 * Writes what is derived: from the config's definition both JSON Schemas, the reference in docs/configuration.md, and the
 * code that validates the bodies of API requests; from the metrics their table in docs/metrics.md; from the commands' own
 * help the manual page; from `web/` the page.
 * `--check` writes nothing and exits 1 naming every file that is stale.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bodySchemas } from '../core/admin/body-schemas.ts'
import { defaults } from '../core/config/defaults.ts'
import { configSchema, membersSchema, renderSchema } from '../core/config/schema.ts'
import { createProgram } from '../cli/args/args.ts'
import { processIo } from '../cli/process/process-io.ts'
import { knownMetrics } from '../core/report/metrics.ts'
import metadata from '../package.json' with { type: 'json' }
import { renderManPage } from './man-page.ts'
import { renderMetricsTable } from './metrics-reference.ts'
import { renderPage } from './build-page.ts'
import { renderReference } from './reference.ts'
import { renderValidatorTypes, renderValidators } from './validators.ts'

const absolute = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** What the file holds now; empty when it is not there. */
function current(name: string): string {
  try {
    return readFileSync(absolute(name), 'utf8')
  } catch {
    return ''
  }
}

/** What the file holds, but for what stands between the marks of that name, which is `content`. */
function fill(file: string, name: string, content: string): string {
  const text = current(file)
  const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`${file} must hold ${start} and then ${end}`)
  return `${text.slice(0, from)}${start}\n\n${content}\n\n${text.slice(to)}`
}

/** As `bun fmt` leaves it, since the whole tree is checked for format; it knows no manual pages. */
const format = (name: string, text: string): string =>
  execFileSync(process.execPath, ['fmt', '--no-script', `--stdin-filepath=${name}`], {
    cwd: absolute('.'),
    input: text,
    encoding: 'utf8',
  })

function manPage(): string {
  const program = createProgram({ ...processIo(), color: false }, () => undefined)
  return renderManPage({ program, operations: current('docs/operations.md'), version: metadata.version })
}

const outputs: readonly (readonly [name: string, render: () => string | Promise<string>])[] = [
  ['smartedge.schema.json', () => renderSchema(configSchema)],
  ['backends.schema.json', () => renderSchema(membersSchema)],
  ['docs/configuration.md', () => fill('docs/configuration.md', 'keys', renderReference(configSchema, defaults))],
  ['docs/metrics.md', () => fill('docs/metrics.md', 'metrics', renderMetricsTable(knownMetrics))],
  ['core/admin/generated/validate-bodies.generated.js', () => renderValidators(bodySchemas)],
  ['core/admin/generated/validate-bodies.generated.d.ts', () => renderValidatorTypes(bodySchemas)],
  ['docs/man/smartedge.1', manPage],
  ['core/admin/generated/page.generated.json', renderPage],
]

const isCheck = process.argv.includes('--check')
for (const [name, render] of outputs) {
  const text = await render()
  const content = name.endsWith('.1') ? text : format(name, text)
  if (content === current(name)) continue
  if (!isCheck) writeFileSync(absolute(name), content)
  process.stdout.write(isCheck ? `${name} is stale: run "npm run generate"\n` : `wrote ${name}\n`)
  if (isCheck) process.exitCode = 1
}
