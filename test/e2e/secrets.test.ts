import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatAddress } from '../../core/address.ts'
import { loadConfig } from '../../core/config/load.ts'
import { startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { createLog } from '../../cli/process/event-log.ts'
import { virtualClock } from '../support/virtual-clock.ts'

let endings: (() => void)[] = []
afterEach(() => {
  for (const end of endings.splice(0)) end()
  endings = []
})

const config = (key: string): string =>
  JSON.stringify({
    listeners: { web: { address: '127.0.0.1:0' } },
    admin: { address: '127.0.0.1:0' },
    routes: [{ match: { header: { authorization: `Bearer ${key}` } }, pool: 'web' }, { pool: 'web' }],
    pools: { web: { backends: ['http://127.0.0.1:1'], strategy: { use: 'p2c', options: {} } } },
  })

/** A running edge on files that hold a key, and all that it says to people. */
async function start() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-secrets-')))
  const path = join(folder, 'edge.json')
  const write = (text: string): void => writeFileSync(path, text)
  write(config('hunter2'))
  const place = { path, kind: 'config' } as const
  const env = { XDG_RUNTIME_DIR: folder }
  const loaded = loadConfig({ place, cwd: folder, env })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded.problems))
  const said: string[] = []
  const logs = (['text', 'json'] as const).map((format) =>
    createLog({ write: (line) => said.push(line), format, color: false, quiet: false, clock: virtualClock() }),
  )
  const emit = (event: EdgeEvent): void => logs.forEach((log) => log(event))
  const files = { place, cwd: folder, env, isWatched: false }
  const edge = await startEdge({ config: loaded.config, files, emit })
  endings.push(() => {
    edge.kill()
    rmSync(folder, { recursive: true })
  })
  const url = `http://${edge.adminAddress === undefined ? '' : formatAddress(edge.adminAddress)}`
  const ask = async (path: string, init?: RequestInit): Promise<string> => {
    const response = await fetch(`${url}${path}`, init)
    const reader = response.body?.getReader()
    // Of a stream the first two messages, hello and frame, are enough.
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    const pieces: string[] = []
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
      pieces.push(new TextDecoder().decode(piece.value))
      if (isStream && pieces.join('').includes('event: frame')) break
    }
    await reader?.cancel()
    return pieces.join('')
  }
  return { ask, said, write }
}

const json = { method: 'POST', headers: { 'content-type': 'application/json' } }

describe('the value that a route wants of a field', () => {
  test('is shown by no answer, stream, plan, problem or log', async () => {
    const { ask, said, write } = await start()
    const reads = ['/api/config', '/api/status', '/metrics', '/api/events', '/api/pools/web/backends']
    const answers = await Promise.all(reads.map((path) => ask(path)))
    expect(answers[0]).toContain('"headers":[{"name":"authorization","value":"***"}]')
    expect(answers[3]).toContain('authorization=***')
    write(config('hunter3'))
    const plan = await ask('/api/config/plan', json)
    expect(plan).toContain('added: authorization=*** to web')
    const reloaded = await ask('/api/reload', json)
    expect(reloaded).toContain('authorization=***')
    write(config('hunter4 '))
    const refused = await ask('/api/reload', json)
    expect(refused).toContain('a text (not shown)')
    expect(said.join('')).toContain('authorization=***')
    expect([...answers, plan, reloaded, refused, ...said].join('')).not.toContain('hunter')
  })
})
