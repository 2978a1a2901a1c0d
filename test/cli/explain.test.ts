import { afterEach, describe, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { explain, type ExplainOptions } from '../../cli/commands/explain.ts'
import { main } from '../../cli/main.ts'
import type { AdminSource } from '../../core/admin/source.ts'
import type { ExplainQuery } from '../../core/explain/store.ts'
import type { ToldExplanation, ToldExplanations } from '../../core/explain/told.ts'
import { fakeAdminSource } from '../support/admin-source.ts'
import { adminServer, urlOf } from '../support/admin-server.ts'
import { fakeIo } from '../support/service-io.ts'
import { toldExplanation } from '../support/told-explanation.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function stranger(body: string, status = 200): string {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(body, { status }) })
  stops.push(() => server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

/** An admin API that answers one ask after the other with these. */
async function telling(...answers: readonly (readonly ToldExplanation[])[]) {
  const asked: ExplainQuery[] = []
  const sampling = { rate: 0.01, kept: answers.flat().length, keep: 200, seen: 1234 }
  const told: AdminSource['explain'] = {
    has: () => true,
    async tell(query) {
      asked.push(query)
      return JSON.stringify({ sampling, explanations: answers[asked.length - 1] ?? [] } satisfies ToldExplanations)
    },
  }
  const server = await adminServer({ source: fakeAdminSource({ explain: told }) })
  return { url: urlOf(server), asked, server }
}

async function run(options: ExplainOptions, overrides = {}) {
  const io = fakeIo(overrides)
  return { code: await explain(io, options), out: io.out(), err: io.err() }
}

const [older, newer] = [toldExplanation({ target: '/older' }), toldExplanation({ id: 'x-2', target: '/newer' })]

describe('explain command', () => {
  test('shows a block a request, the newest last', async () => {
    const { url } = await telling([newer, older])
    const { code, out, err } = await run({ url })
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(
      /^GET \/older\n {2}200 in 6\.50 ms, route a\.example\/\*, pool web, 2026.*\n {2}1\. a:80: [^]*\n\nGET \/newer/,
    )
  })

  test('asks for what it was told', async () => {
    const { url, asked } = await telling([])
    await run({
      url,
      number: 7,
      status: '5xx',
      slower: '200ms',
      route: 'a.example/*',
      pool: 'web',
      backend: '[::1]:80',
    })
    const expected = {
      last: 7,
      status: '5xx',
      slowerMs: 200,
      route: 'a.example/*',
      pool: 'web',
      backend: '[::1]:80',
      after: undefined,
    }
    expect(asked).toEqual([expected])
  })

  test('goes on from the newest that it has shown', async () => {
    const { url, asked, server } = await telling([], [older], [], [newer])
    const pause = async () => (asked.length === 4 ? server.stop() : undefined)
    const { code, out, err } = await run({ url, follow: true, number: 3, pause })
    expect(asked.map(({ last, after }) => [last, after])).toEqual([
      [3, undefined],
      [3, undefined],
      [200, 'x-1'],
      [200, 'x-1'],
    ])
    expect(out.match(/GET \/\w+/g)).toEqual(['GET /older', 'GET /newer'])
    expect([code, err.match(/no admin API at/g)?.length]).toEqual([69, 1])
  })

  test('gives JSON: the whole answer, or a request a line', async () => {
    const { url } = await telling([newer, older])
    const whole = await run({ url, json: true })
    expect((JSON.parse(whole.out) as ToldExplanations).explanations.map(({ id }) => id)).toEqual(['x-2', 'x-1'])
    const { url: other, server } = await telling([newer, older])
    const lines = await run({ url: other, json: true, follow: true, pause: async () => server.stop() })
    expect(
      lines.out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as ToldExplanation).id),
    ).toEqual(['x-1', 'x-2'])
  })

  test('says what to do where there is nothing to show', async () => {
    const none = await telling([])
    expect(await run({ url: none.url })).toEqual({
      code: 0,
      out: '',
      err: 'smartedge: no request has been explained yet, of 1,234 at a sample of 1%; send one with "X-SmartEdge-Explain: <admin token>", or raise explain.sample\n',
    })
    const off = await adminServer()
    const { code, err } = await run({ url: urlOf(off) })
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(
        'refused: 409: Nobody has asked for explanations, so none are kept: put "explain": {} into the configuration',
      ),
    ])
  })

  test.each([
    ['no JSON', 'hello'],
    ['something else', '{}'],
    ['a list of nothing', '{"sampling":{},"explanations":[null]}'],
    [
      'attempts that are none',
      '{"sampling":{},"explanations":[{"id":"a","at":"b","method":"GET","target":"/","attempts":3}]}',
    ],
    [
      'picks that are none',
      '{"sampling":{},"explanations":[{"id":"a","at":"b","method":"GET","target":"/","attempts":[{"backend":"a","pick":{}}]}]}',
    ],
    ['a target that is none', '{"sampling":{},"explanations":[{"id":"a","at":"b","method":"GET","attempts":[]}]}'],
    [
      'attempts that are null',
      '{"sampling":{},"explanations":[{"id":"a","at":"b","method":"GET","target":"/","attempts":[null]}]}',
    ],
  ])('calls %s no answer of a SmartEdge', async (_, body) => {
    const { code, out, err } = await run({ url: stranger(body) })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^smartedge: http\S+ refused: (the answer is no JSON|that is no answer of a SmartEdge)/)
  })

  test('lets no stranger reach the terminal', async () => {
    const evil = toldExplanation({ target: '/\u001B[2J\u009B', pool: '\u0007' })
    const { out } = await run({ url: stranger(JSON.stringify({ sampling: {}, explanations: [evil] })) })
    expect(out).not.toMatch(/[^\P{Cc}\n]/u)
  })

  test.each([
    [['-n', '0'], '--number must be a whole number from 1 to 200'],
    [['--status', '6xx'], '--status must be a status of 100 to 599, a class such as 5xx, or none'],
    [['--slower', '200'], '--slower must be a whole time such as 200ms or 2s'],
  ])('refuses %p: %s', async (argv, said) => {
    const io = fakeIo()
    expect(await main(['explain', ...argv], io)).toBe(2)
    expect(io.err()).toContain(said)
  })

  test('runs on Deno as well', async () => {
    const root = resolve(import.meta.dir, '../..')
    const { url } = await telling([older])
    const child = Bun.spawn([
      `${root}/node_modules/.bin/deno`,
      'run',
      '-A',
      `${root}/cli/main.ts`,
      'explain',
      '--url',
      url,
    ])
    expect([await child.exited, await new Response(child.stdout).text()]).toEqual([
      0,
      (await run({ url: (await telling([older])).url })).out,
    ])
  }, 30_000)
})
