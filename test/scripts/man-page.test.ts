import { describe, expect, test } from 'bun:test'
import { Command } from 'commander'
import { createProgram } from '../../cli/args/args.ts'
import { renderManPage } from '../../scripts/man-page.ts'
import { fakeIo } from '../support/service-io.ts'

const tables =
  '| variable | meaning |\n| - | - |\n| `A` | [text](b.md) |\n\n| code | meaning |\n| - | - |\n| 0 | done |\n'
const page = (program: Command): string => renderManPage({ program, operations: tables, version: '1.2.3' })

const operations = await Bun.file(new URL('../../docs/operations.md', import.meta.url)).text()
const whole = renderManPage({ program: createProgram(fakeIo(), () => undefined), operations, version: '1.2.3' })

describe('the manual page', () => {
  test('is what mandoc calls clean', async () => {
    const mandoc = Bun.which('mandoc')
    if (mandoc === null) throw new Error('mandoc is not installed: apt-get install mandoc')
    const { stdout, stderr } = Bun.spawnSync([mandoc, '-T', 'lint', '-W', 'style'], { stdin: Buffer.from(whole) })
    expect([stdout.toString(), stderr.toString()]).toEqual(['', ''])
  })

  test('has every command and what stands behind the help of some, and hides what is hidden', () => {
    for (const path of ['run', 'backend weight', 'client import', 'strategy use', 'completions'])
      expect(whole).toContain(`\n.SS "${path}"\n`)
    expect(whole).toContain('\n.B "\\-\\-supervised"\n')
    expect(whole).toContain('smartedge bench steady headers')
    expect(whole).not.toContain('.SS "complete"')
    expect(whole).not.toContain('.SS "help"')
    expect(whole).toContain('.B "SMARTEDGE_ADMIN_TOKEN"')
    expect(whole).toContain('.B "78"')
  })

  test('takes no text for a request, and nothing that is not ASCII', () => {
    const program = new Command('smartedge').description('.SH X')
    program.command('odd <a>').description('\'x \\fB it’s "so" -1…').option('--x <y>', '.PP')
    const text = page(program)
    expect(text).toContain('\n\\&.SH X\n')
    expect(text).toContain('\n\\&\'x \\efB it\\(cqs "so" \\-1....\n')
    expect(text).toContain('\n\\&.PP\n')
    expect(whole).toMatch(/^[\n\x20-\x7e]*$/)
  })

  test('takes tables of the handbook as text, and misses none silently', () => {
    expect(page(new Command('smartedge'))).toContain('.TP\n.B "A"\ntext\n')
    const odd = () => renderManPage({ program: new Command('smartedge'), operations: '| code |', version: '1' })
    expect(odd).toThrow('docs/operations.md must hold a table whose first column is variable')
  })
})
