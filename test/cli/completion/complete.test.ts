import { describe, expect, onTestFinished, test } from 'bun:test'
import { createProgram } from '../../../cli/args/args.ts'
import { complete } from '../../../cli/commands/complete.ts'
import { deadlineMs } from '../../../cli/completion/live.ts'
import { adminServer, urlOf } from '../../support/admin-server.ts'
import { fakeIo } from '../../support/service-io.ts'

async function offered(words: readonly string[], env: Record<string, string> = {}) {
  const io = fakeIo({ env })
  const program = createProgram(io, () => undefined)
  expect(await complete(io, program, words)).toBe(0)
  expect(io.err()).toBe('')
  return io.out()
}

/** Answers everything with `body`. */
function stranger(body: string): string {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(body) })
  onTestFinished(() => server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

describe('complete', () => {
  test('prints a line each: value, tab, what it is', async () => {
    expect(await offered(['stat'])).toBe('status\tshow pools and backends of a running SmartEdge\n')
    expect(await offered(['client', 'export', '--format=j'])).toBe('--format=jsonl\t\n')
    expect(await offered(['run', 'x'])).toBe(':files\n')
    expect(await offered(['init', ''])).toBe(':folders\n')
    expect(await offered(['strategy', 'test', 'peak'])).toBe('peak-ewma\tshipped\n:files\n')
    expect(await offered(['bench', 'bad'])).toBe('bad-day\ta set\n')
    expect(await offered(['help', 'rel'])).toBe('reload\tload the files of a running SmartEdge again\n')
  })

  test('asks a running SmartEdge for names, each told once', async () => {
    const url = urlOf(await adminServer())
    const env = { SMARTEDGE_ADMIN_URL: url }
    expect(await offered(['backend', 'drain', '10.0.0.1'], env)).toStartWith('10.0.0.1:80\thealthy\n')
    expect(await offered(['backend', 'list', '--pool', ''], env)).toMatch(/^web\t/)
    expect(await offered(['strategy', 'use', 'w'], env)).toMatch(/^web\t/)
    expect(await offered(['backend', 'drain', '--url', url, '10.0.0.1'])).toStartWith('10.0.0.1:80\t')
  })

  test('offers nothing where nobody answers with names', async () => {
    const bodies = ['', '{', 'null', '[]', '{"pools":3}', '{"pools":[null,3,{"name":7},{"backends":{}}]}']
    for (const body of bodies)
      expect([body, await offered(['backend', 'drain', ''], { SMARTEDGE_ADMIN_URL: stranger(body) })]).toEqual([
        body,
        '',
      ])
    expect(await offered(['backend', 'drain', '--url', 'nonsense', ''])).toBe('')
    expect(await offered(['backend', 'drain', '-c', '/nonexistent.json', ''])).toBe('')
    expect(await offered(['backend', 'drain', '--url', '127.0.0.1:1', ''])).toBe('')
  })

  test('does not wait for one that hangs', async () => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Promise<Response>(() => undefined) })
    onTestFinished(() => server.stop(true))
    expect(deadlineMs).toBeLessThanOrEqual(500)
    expect(await offered(['backend', 'drain', '--url', `127.0.0.1:${server.port}`, ''])).toBe('')
  })

  test('lets no name be more than one line, or an escape sequence', async () => {
    const body = JSON.stringify({ pools: [{ name: 'a\nb\tc\u001B[2J', strategy: 'x\n:files' }] })
    const text = await offered(['strategy', 'use', ''], { SMARTEDGE_ADMIN_URL: stranger(body) })
    expect(text).toBe('a b c [2J\tx :files\n')
  })
})
