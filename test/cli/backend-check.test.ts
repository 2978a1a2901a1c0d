import { afterEach, describe, expect, test } from 'bun:test'
import { checkBackend, type CheckOptions } from '../../cli/commands/backend-check.ts'
import { fakeIo } from '../support/service-io.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

const check = (second: number, passed = true) => ({
  at: `2026-01-01T00:00:0${second}.000Z`,
  passed,
  elapsedMs: 3,
  detail: passed ? '200 OK' : 'connection \u001B[31mrefused',
})
type Check = ReturnType<typeof check> | null

/** A status whose backend was checked so at each look; undefined: the backend is gone. */
function start(...looks: readonly (Check | undefined)[]) {
  let looked = 0
  const asked: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch({ method, url }) {
      asked.push(`${method} ${new URL(url).pathname}`)
      if (method === 'POST') return Response.json({ check: 'started' }, { status: 202 })
      const lastCheck = looks[Math.min(looked++, looks.length - 1)]
      const backends = lastCheck === undefined ? [] : [{ id: 'a:80', state: 'healthy', lastCheck }]
      return Response.json({ pools: [{ name: 'web', backends }] })
    },
  })
  endings.push(() => server.stop(true))
  return { asked, server, url: `http://127.0.0.1:${server.port}`, looks: () => looked }
}

async function run(options: CheckOptions, lastCheck: Check = check(1)) {
  const io = fakeIo()
  const found = { pool: { name: 'web' }, backend: { id: 'a:80', lastCheck } } as never
  const code = await checkBackend(io, found, { pause: async () => undefined, ...options })
  return { code, out: io.out(), err: io.err() }
}

describe('backend check', () => {
  test('waits for a result that is newer than the one known', async () => {
    const { url, asked, looks } = start(check(1, false), check(1, false), check(2))
    expect(await run({ url }, check(1, false))).toEqual({
      code: 0,
      out: 'web: a:80 passed its check: 200 OK in 3.00 ms; it is healthy\n',
      err: '',
    })
    expect([asked[0], looks()]).toEqual(['POST /api/pools/web/backends/a%3A80/check', 3])
  })

  test('waits for the first one, too', async () => {
    const { url } = start(null, check(1))
    expect((await run({ url }, null)).code).toBe(0)
  })

  test('fails with one that failed, and shows nothing that a terminal would act on', async () => {
    const { code, out } = await run({ url: start(check(2, false)).url })
    expect([code, out]).toEqual([1, 'web: a:80 failed its check: connection  [31mrefused in 3.00 ms; it is healthy\n'])
  })

  test('gives up in time when none comes, or the backend is gone', async () => {
    for (const look of [check(1), null, undefined]) {
      const { url, looks } = start(look)
      const { code, out, err } = await run({ url })
      expect([code, out]).toEqual([1, ''])
      expect(err).toBe('smartedge: web: the check of a:80 has not come to an end\n')
      expect(looks()).toBe(40)
    }
  })

  test('pauses longer and longer, half a minute at most', async () => {
    const pauses: number[] = []
    await run({ url: start(check(1)).url, pause: async (ms) => void pauses.push(ms) })
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(31_000)
    expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses)
  })

  test('ends when the balancer does', async () => {
    const { url, server } = start(check(1))
    const pause = async () => await server.stop(true)
    expect((await run({ url, pause })).code).toBe(69)
  })

  test('gives one JSON document for programs', async () => {
    const { out } = await run({ url: start(check(2)).url, json: true })
    expect(JSON.parse(out)).toEqual({ pool: 'web', backend: 'a:80', state: 'healthy', check: check(2) })
  })
})
