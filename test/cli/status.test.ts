import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status, type StatusOptions } from '../../cli/commands/status.ts'
import type { ServiceIo } from '../../cli/process/service-io.ts'
import type { AdminServer } from '../../core/admin/server.ts'
import { Secret } from '../../core/secrets.ts'
import { adminServer, urlOf } from '../support/admin-server.ts'
import { fakeIo } from '../support/service-io.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function admin(token?: string): Promise<{ server: AdminServer; url: string }> {
  const server = await adminServer({ token: token === undefined ? undefined : new Secret(token) })
  return { server, url: urlOf(server) }
}

/** Something else that listens where an admin API was expected. */
function stranger(body: string, status = 200): string {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(body, { status }) })
  stops.push(() => server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

async function run(options: StatusOptions, overrides: Partial<ServiceIo> = {}) {
  const io = fakeIo(overrides)
  return { code: await status(io, options), out: io.out(), err: io.err() }
}

describe('status command', () => {
  test('lets no stranger reach the terminal', async () => {
    const url = stranger(JSON.stringify({ detail: '\u001B[2Jno\u0007' }), 500)
    expect(await run({ url })).toEqual({ code: 1, out: '', err: `smartedge: ${url} refused: 500:  [2Jno\n` })
  })

  test('shows a table', async () => {
    const { url } = await admin()
    const { code, out, err } = await run({ url })
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('10.0.0.1:80  ● healthy')
  })

  test('fits the terminal, as it is at that moment', async () => {
    const { server, url } = await admin()
    const widths = [80, 200]
    const pause = async () => (widths.length === 0 ? server.stop() : undefined)
    const { out } = await run({ url, watch: true, pause }, { isTty: true, columns: () => widths.shift() })
    const [narrow = '', wide = ''] = out.split('\u001B[H\u001B[2J\u001B[3J').slice(1)
    expect(Math.max(...narrow.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect([narrow.includes('last check'), wide.includes('last check')]).toEqual([false, true])
  })

  test('gives the snapshot as JSON', async () => {
    const { url } = await admin()
    const { code, out } = await run({ url, json: true })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ version: '1.2.3', pools: [{ name: 'web' }] })
  })

  test('takes URL and token from the environment, options first', async () => {
    const { url } = await admin('s3cret')
    const env = { SMARTEDGE_ADMIN_URL: url, SMARTEDGE_ADMIN_TOKEN: 's3cret' }
    expect((await run({}, { env })).code).toBe(0)
    expect((await run({ token: 'wrong' }, { env })).code).toBe(1)
  })

  test('says what to do about a missing token', async () => {
    const { url } = await admin('s3cret')
    const { code, err } = await run({ url })
    expect(code).toBe(1)
    expect(err).toMatch(/wants a token: pass --token, set SMARTEDGE_ADMIN_TOKEN [^\n]*\n$/)
  })

  test('says of a wrong token who gave it', async () => {
    const { url } = await admin('s3cret')
    const { code, err } = await run({ url, token: 'nope' })
    expect(code).toBe(1)
    expect(err).toStartWith(`smartedge: ${url} refused: the token from --token is not its admin.token: pass --token, `)
    const env = { SMARTEDGE_ADMIN_TOKEN: 'nope' }
    expect((await run({ url }, { env })).err).toContain('the token from SMARTEDGE_ADMIN_TOKEN is not')
  })

  test('finds address and token in the configuration it stands beside', async () => {
    const { url } = await admin('s3cret')
    const folder = mkdtempSync(join(tmpdir(), 'smartedge-status-'))
    stops.push(async () => rmSync(folder, { recursive: true }))
    const config = (token: string) => `{ "admin": { "address": "${new URL(url).host}", "token": "${token}" }, oops }`
    writeFileSync(join(folder, 'smartedge.config.json'), config('s3cret'))
    expect(await run({}, { cwd: folder })).toMatchObject({ code: 0, err: '' })
    expect(await run({ config: join(folder, 'smartedge.config.json') })).toMatchObject({ code: 0, err: '' })
    writeFileSync(join(folder, 'smartedge.config.json'), config('old'))
    expect((await run({}, { cwd: folder })).err).toContain(
      'the token from smartedge.config.json is not its admin.token',
    )
    expect(await run({ config: 'absent.json' })).toMatchObject({
      code: 78,
      err: 'absent.json:1:1: must exist, there is no such file (`smartedge init` writes a smartedge.config.json to start from)\n',
    })
  })

  test('says in one line what to do when nothing listens, and ends with 69', async () => {
    const { server, url } = await admin()
    server.stop()
    const { code, out, err } = await run({ url })
    expect([code, out]).toEqual([69, ''])
    expect(err).toBe(
      `smartedge: no admin API at ${url} (nothing listens there); ` +
        'start one with "smartedge run", or name it with --url or its configuration with -c\n',
    )
  })

  test('says so for a Unix socket that is not there', async () => {
    expect(await run({ url: 'unix:/nowhere/admin.sock' })).toMatchObject({ code: 69, out: '' })
  })

  test('takes nothing else for a SmartEdge', async () => {
    const bodies = ['', 'hello', '{', 'null', '[]', '{}', '{"version":"1","counters":{},"process":{},"pools":[null]}']
    for (const body of bodies) expect([body, (await run({ url: stranger(body) })).code]).toEqual([body, 1])
  })

  test('calls a URL that is none a usage error', async () => {
    for (const url of ['', 'x', 'ftp://x', 'localhost:port', 'unix:', 'unix:relative', 'http://'])
      expect([url, (await run({ url })).code]).toEqual([url, 2])
  })

  test('watches until the edge is gone', async () => {
    const { server, url } = await admin()
    let looks = 0
    const pause = async () => {
      looks++
      if (looks === 2) server.stop()
    }
    const { code, out } = await run({ url, watch: true, pause }, { isTty: true })
    expect([code, looks]).toEqual([69, 2])
    expect(out.split('\u001B[H\u001B[2J').length).toBe(3)
  })

  test('watches the others for as long as one of several hangs, and waits a second for that one', async () => {
    const { server, url } = await admin()
    const hung = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Promise<Response>(() => undefined) })
    const pause = async () => {
      server.stop()
      await hung.stop(true)
    }
    const urls = [url, `http://127.0.0.1:${hung.port}`]
    const { code, out, err } = await run({ url: urls, watch: true, json: true, pause })
    expect([code, out.trimEnd().split('\n').length]).toEqual([69, 1])
    expect(err).toContain(`${urls[1]}, and does not answer (no answer within 1 s)`)
  })

  test('watches as one JSON object a line, without touching the screen', async () => {
    const { server, url } = await admin()
    const { out } = await run({ url, watch: true, json: true, pause: async () => server.stop() }, { isTty: true })
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { pid: number }).pid),
    ).toEqual([42])
  })
})
