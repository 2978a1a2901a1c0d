import { afterEach, describe, expect, test } from 'bun:test'
import { run as runEdge } from '../../cli/commands/run.ts'
import { top } from '../../cli/commands/top.ts'
import type { TopOptions } from '../../cli/top/top-session.ts'
import { systemClock } from '../../core/clock.ts'
import { refusals, startFakeAdmin } from '../support/fake-admin.ts'
import { frameOf, sampleFrames } from '../support/feed-frames.ts'
import { fakeIo } from '../support/service-io.ts'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

async function run(options: TopOptions, { env = {}, isTty = false, stdinIsTty = false } = {}) {
  const io = fakeIo({ env, isTty })
  const code = await top({ io, clock: systemClock, stdinIsTty }, options)
  return { code, out: io.out(), err: io.err() }
}

function start(options: Parameters<typeof startFakeAdmin>[0] = {}) {
  const admin = startFakeAdmin({ first: sampleFrames(2), ...options })
  endings.push(() => admin.stop())
  return admin
}

describe('top without a terminal', () => {
  test('says what to use instead', async () => {
    for (const tty of [{}, { isTty: true }, { stdinIsTty: true }]) {
      const { code, out, err } = await run({}, tty)
      expect([code, out]).toEqual([2, ''])
      expect(err).toBe('smartedge: top needs a terminal; try "smartedge top --once" or "smartedge status --watch"\n')
    }
  })

  test('--once prints one picture that names who is unwell', async () => {
    const { code, out, err } = await run({ url: start().url, once: true })
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('localhost:8102 fails, localhost:8103 is slow')
    expect(out).not.toContain('\u001B')
    // Nobody can scroll there, so every pool and backend is in it.
    const [{ pools } = { pools: [] }] = sampleFrames(2)
    for (const { backends } of pools) for (const { id } of backends) expect(out).toContain(id)
  })

  test('--once draws with ASCII where the locale has nothing else', async () => {
    const io = fakeIo({ ascii: true })
    expect(await top({ io, clock: systemClock, stdinIsTty: false }, { url: start().url, once: true })).toBe(0)
    expect(io.out()).toMatch(/^[\n\x20-\x7e]+$/)
  })

  test('--once keeps to the size that the environment tells', async () => {
    const { out } = await run({ url: start().url, once: true, ascii: true }, { env: { COLUMNS: '120', LINES: '40' } })
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBe(120)
    expect(out).toMatch(/^[\n\x20-\x7e]*$/)
    const odd = await run({ url: start().url, once: true }, { env: { COLUMNS: '-1', LINES: 'many' } })
    const plain = await run({ url: start().url, once: true })
    expect(odd.out.split('\n')).toHaveLength(plain.out.split('\n').length)
  })

  test('refuses a terminal that cannot be drawn on', async () => {
    const { code, out, err } = await run({}, { isTty: true, stdinIsTty: true, env: { TERM: 'dumb' } })
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe('smartedge: top cannot draw where TERM is "dumb"; try "smartedge top --once"\n')
  })

  test('--once --json prints what it was drawn from', async () => {
    const { code, out } = await run({ url: start().url, once: true, json: true })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ version: '0.1.0', pid: 4242, phase: 'serving', pools: [{}, {}] })
  })

  test('a large balancer, which sends rarely, is not waited for long', async () => {
    const slow = frameOf([], { intervalMs: 5000 })
    const { code } = await run({ url: start({ first: [slow, slow] }).url, once: true })
    expect(code).toBe(0)
  })
})

describe('top that cannot begin', () => {
  const cases: readonly (readonly [string, TopOptions, number, string])[] = [
    ['no such address', { url: 'http://127.0.0.1:1', once: true }, 69, 'nothing listens there'],
    ['no such socket', { url: 'unix:/nonexistent/a.sock', once: true }, 69, 'nothing listens there'],
    [
      'an address that is none',
      { url: 'nonsense' },
      2,
      "--url must be host:port, http://host:port, https://host:port or unix:/path, got 'nonsense'",
    ],
    ['--json alone', { json: true }, 2, 'needs --once'],
  ]
  for (const [name, options, expected, words] of cases) {
    test(`${name}: one line and exit code ${expected}`, async () => {
      const { code, out, err } = await run(options)
      expect([code, out]).toEqual([expected, ''])
      expect(err).toContain(words)
      expect(err.trimEnd()).not.toContain('\n')
    })
  }

  test('a wrong token: one line that says where it belongs', async () => {
    const { code, err } = await run({ url: start({ refusal: refusals.token }).url, once: true })
    expect(code).toBe(1)
    expect(err).toContain('pass --token, set SMARTEDGE_ADMIN_TOKEN')
  })
})

describe('run --top', () => {
  test('says that it needs a terminal, and serves nothing', async () => {
    const io = fakeIo()
    const config = new URL('../../smartedge.config.json', import.meta.url).pathname
    expect(await runEdge(io, { config, top: true })).toBe(2)
    expect(io.err()).toBe('smartedge: --top needs a terminal\n')
  })
})
