import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config, PoolConfig } from '../../core/config/config.ts'
import { loadConfig } from '../../core/config/load.ts'
import { startEdge } from '../../core/edge.ts'
import { Secret } from '../../core/secrets.ts'
import type { CookiePolicy, LearnPolicy } from '../../core/sticky/policy.ts'
import { startTestEdge, type TestEdge, testPool, testRetry } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { usualCookie } from '../support/policies.ts'
import { type Arrival, ok, type RawBackend, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const cookie: CookiePolicy = { ...usualCookie, key: new Secret('a key of sixteen characters') }
const learn: LearnPolicy = {
  kind: 'learn',
  from: { kind: 'cookie', name: 'JSESSIONID' },
  ttlMs: 60_000,
  maxBytes: 65_536,
}
const roundRobin = { use: 'round-robin', options: undefined }

type Respond = (name: string, arrival: Arrival) => string

const NAMES = ['one', 'two', 'three']

/** Backends that answer with their names, `one` to `three`, and an edge that asks them in turn but for `pool`. */
async function startBackends(pool: Partial<PoolConfig>, respond: Respond = (name) => ok(name)) {
  const stack = new AsyncDisposableStack()
  const serve = (name: string, port = 0): RawBackend =>
    stack.use(startRawBackend({ port, answer: (arrival) => arrival.peer.send(respond(name, arrival)) }))
  const backends = new Map(NAMES.map((name) => [name, serve(name)]))
  const ports = [...backends.values()].map(({ port }) => port)
  const named = (name = ''): RawBackend => backends.get(name)!
  const start = async (): Promise<TestEdge> =>
    stack.use(await startTestEdge(ports, { pool: { strategy: roundRobin, ...pool } }))
  /** The pool with these facts changed. */
  const change = (edge: TestEdge, facts: Partial<PoolConfig>): Promise<unknown> =>
    edge.apply({ pools: [testPool(ports, { strategy: roundRobin, ...pool, ...facts })] })
  /** It takes no more connections, and those that it has are cut. */
  function kill(name: string): void {
    named(name).stopListening()
    for (const connection of named(name).connections) connection.reset()
  }
  const edge = await start()
  return { edge, named, ports, start, change, serve, kill, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** A browser of few words: keeps every cookie, and opens a connection for each request. */
class Browser {
  readonly cookies = new Map<string, string>()
  /** How often it was told to keep one. */
  told = 0

  /** Who answers. */
  async visit(edge: { readonly port: number }, path = '/'): Promise<string> {
    const sent = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const client = await connectTo(edge.port)
    const lines = `Connection: close\r\n${sent === '' ? '' : `Cookie: ${sent}\r\n`}`
    const response = await ask(client, get(path, lines))
    await client.expectEnd()
    for (const line of valuesOf(response, 'set-cookie')) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.cookies.set(name, value)
      this.told += 1
    }
    return response.body
  }

  async visits(edge: { readonly port: number }, count: number): Promise<string[]> {
    const answers: string[] = []
    while (answers.length < count) answers.push(await this.visit(edge))
    return answers
  }
}

const same = (name: string, count: number): string[] => Array.from({ length: count }, () => name)
const stickyOf = (edge: TestEdge) => edge.edge.status().pools[0]!.sticky

describe('a session by a cookie of ours', () => {
  test('stays where it began while others go on in turn, and is told so once', async () => {
    await using rig = await startBackends({ sticky: cookie })
    const browsers = [new Browser(), new Browser(), new Browser()]
    const homes = new Set<string>()
    for (const browser of browsers) {
      const visits = await browser.visits(rig.edge, 4)
      expect(new Set(visits).size).toBe(1)
      homes.add(visits[0]!)
    }
    expect(homes.size).toBe(3)
    expect(browsers.map(({ told }) => told)).toEqual([1, 1, 1])
    expect(stickyOf(rig.edge)).toEqual({ hits: 9, misses: 3, moved: 0, sessions: null })
  })

  test('is none of the backends’ business, whose own cookies they see', async () => {
    await using rig = await startBackends({ sticky: cookie })
    const browser = new Browser()
    browser.cookies.set('lang', 'de')
    const [home] = await browser.visits(rig.edge, 2)
    expect(rig.named(home).requests.flatMap((request) => valuesOf(request, 'cookie'))).toEqual(['lang=de', 'lang=de'])
  })

  test('is shown to backends that are to see it', async () => {
    await using rig = await startBackends({ sticky: { ...cookie, forward: true } })
    const browser = new Browser()
    const [home] = await browser.visits(rig.edge, 2)
    const [value = ''] = browser.cookies.values()
    expect(valuesOf(rig.named(home).requests[1]!, 'cookie')).toEqual([`smartedge-web=${value}`])
  })

  test('stays over reloads and restarts, with the same key', async () => {
    await using rig = await startBackends({ sticky: cookie })
    const browser = new Browser()
    const home = await browser.visit(rig.edge)
    await rig.change(rig.edge, {
      retry: testRetry({ attempts: 3 }),
      members: rig.ports.toReversed().map((port) => makeMember(port)),
    })
    expect(await browser.visits(rig.edge, 3)).toEqual(same(home, 3))
    const again = await rig.start()
    expect(await browser.visits(again, 3)).toEqual(same(home, 3))
    expect(browser.told).toBe(1)
    await rig.change(rig.edge, { sticky: { ...cookie, key: new Secret('another key of sixteen') } })
    await browser.visits(rig.edge, 3)
    expect(browser.told).toBe(2)
  })

  test('moves when its backend dies, and comes to rest', async () => {
    await using rig = await startBackends({ sticky: cookie })
    const browser = new Browser()
    const home = await browser.visit(rig.edge)
    rig.kill(home)
    const moved = await browser.visit(rig.edge)
    expect(moved).not.toBe(home)
    expect(await browser.visits(rig.edge, 3)).toEqual(same(moved, 3))
    rig.serve(home, rig.named(home).port)
    expect(await browser.visits(rig.edge, 3)).toEqual(same(moved, 3))
    expect([browser.told, stickyOf(rig.edge)]).toEqual([2, { hits: 6, misses: 1, moved: 1, sessions: null }])
  })

  test('stays with a backend that drains, which takes no new ones', async () => {
    await using rig = await startBackends({ sticky: cookie })
    const browser = new Browser()
    const home = await browser.visit(rig.edge)
    const { port: drained } = rig.named(home)
    await rig.change(rig.edge, { members: rig.ports.map((port) => makeMember(port, { isDraining: port === drained })) })
    expect(await browser.visits(rig.edge, 3)).toEqual(same(home, 3))
    const others = await Promise.all([1, 2, 3, 4].map(() => new Browser().visit(rig.edge)))
    expect(others).not.toContain(home)
    const left = rig.ports.filter((port) => port !== drained)
    await rig.change(rig.edge, { members: left.map((port) => makeMember(port)) })
    expect(await browser.visit(rig.edge)).not.toBe(home)
  })

  test('moves when its backend has no room', async () => {
    await using rig = await startBackends({ sticky: cookie, maxConnections: 1 }, (name, { request }) =>
      request.target === '/poll' ? '' : ok(name),
    )
    const browser = new Browser()
    const home = await browser.visit(rig.edge)
    const [value = ''] = browser.cookies.values()
    await using poll = await connectTo(rig.edge.port)
    poll.send(get('/poll', `Cookie: smartedge-web=${value}\r\n`))
    await turnUntil(() => rig.named(home).requests.at(-1)?.target === '/poll', 'the poll at its backend')
    expect(await browser.visit(rig.edge)).not.toBe(home)
  })

  test('is told with the answer to an upgrade, and brought by one', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\nX-Name: '
    await using rig = await startBackends({ sticky: cookie }, (name) => `${switching}${name}\r\n\r\n`)
    const upgrade = async (lines: string) => {
      await using client = await connectTo(rig.edge.port)
      return await ask(client, get('/', `Connection: Upgrade\r\nUpgrade: chat\r\n${lines}`))
    }
    const first = await upgrade('')
    const [told = ''] = valuesOf(first, 'set-cookie')
    const next = await upgrade(`Cookie: ${told.split(';')[0]}\r\n`)
    expect(valuesOf(next, 'x-name')).toEqual(valuesOf(first, 'x-name'))
    expect(valuesOf(next, 'set-cookie')).toEqual([])
  })

  test('of two pools on one host disturbs none of the other', async () => {
    await using rig = await startBackends({ sticky: cookie })
    const anything = { host: undefined, path: undefined, methods: undefined, headers: [] }
    const changes: Partial<Config> = {
      routes: [
        { match: { ...anything, path: '/api*' }, pool: 'api', priority: 5 },
        { match: anything, pool: 'web', priority: 5 },
      ],
      pools: [
        testPool(rig.ports, { strategy: roundRobin, sticky: cookie }),
        { ...testPool(rig.ports, { strategy: roundRobin, sticky: { ...cookie, name: 'smartedge-api' } }), name: 'api' },
      ],
    }
    await rig.edge.apply(changes)
    const browser = new Browser()
    const web = await browser.visit(rig.edge, '/')
    // The next of this pool is another backend.
    while ((await new Browser().visit(rig.edge, '/api')) !== web);
    const api = await browser.visit(rig.edge, '/api')
    expect(api).not.toBe(web)
    const visits: string[] = []
    for (const path of ['/', '/api', '/', '/api']) visits.push(await browser.visit(rig.edge, path))
    expect(visits).toEqual([web, api, web, api])
    expect(browser.told).toBe(2)
  })

  test('outlives the process by a key that is kept where the config names none', async () => {
    await using rig = await startBackends({})
    const folder = temporaryFolder()
    const path = join(folder, 'edge.json')
    const web = {
      backends: rig.ports.map((port) => `http://127.0.0.1:${port}`),
      strategy: 'round-robin',
      sticky: { cookie: {} },
    }
    writeFileSync(
      path,
      JSON.stringify({ listeners: { web: { address: '127.0.0.1:0' } }, admin: false, pools: { web } }),
    )
    const place = { path, kind: 'config' } as const
    const env = { XDG_STATE_HOME: folder }
    const browser = new Browser()
    const seen: string[] = []
    const events: string[] = []
    for (let run = 0; run < 3; run += 1) {
      const loaded = loadConfig({ place, cwd: folder, env })
      if (loaded.kind !== 'config') throw new Error('the config has problems')
      const files = { place, cwd: folder, env, isWatched: false }
      const edge = await startEdge({ config: loaded.config, files, emit: ({ kind }) => void events.push(kind) })
      const address = edge.addresses[0]!.address
      if (address.kind === 'tcp') seen.push(...(await browser.visits(address, 2)))
      edge.kill()
    }
    expect(seen).toEqual(same(seen[0]!, 6))
    expect([browser.told, events.includes('sticky-key-unkept')]).toEqual([1, false])
  })
})

describe('a session by a cookie of the application', () => {
  const beginning = (name: string, { request }: Arrival): string =>
    request.target === '/login' ? ok(name, `Set-Cookie: JSESSIONID=of-${name}; Path=/; HttpOnly\r\n`) : ok(name)

  test('stays where it began, over reloads, and moves when its backend dies', async () => {
    await using rig = await startBackends({ sticky: learn }, beginning)
    const browser = new Browser()
    await new Browser().visit(rig.edge)
    const home = await browser.visit(rig.edge, '/login')
    expect(await browser.visits(rig.edge, 3)).toEqual(same(home, 3))
    await rig.change(rig.edge, { sticky: { ...learn, ttlMs: 30_000, maxBytes: 131_072 } })
    expect(await browser.visits(rig.edge, 3)).toEqual(same(home, 3))
    rig.kill(home)
    const moved = await browser.visit(rig.edge)
    expect(moved).not.toBe(home)
    expect(await browser.visits(rig.edge, 3)).toEqual(same(moved, 3))
    expect(stickyOf(rig.edge)).toEqual({ hits: 9, misses: 2, moved: 1, sessions: 1 })
    expect(valuesOf(rig.named(home).requests.at(-1)!, 'cookie')).toEqual([`JSESSIONID=of-${home}`])
  })
})

describe('two requests of one session, in a pool that is idle but for them', () => {
  /** Answers with its name, but for long polls, which it leaves open. */
  const polling = (name: string, { request }: Arrival): string => (request.target.startsWith('/poll') ? '' : ok(name))

  test.each([
    [
      'a cookie over the fewest connections',
      { sticky: cookie, strategy: { use: 'least-connections', options: undefined } },
    ],
    [
      'consistent-hash',
      {
        strategy: { use: 'consistent-hash', options: undefined },
        affinity: [
          { kind: 'cookie', name: 'none' },
          { kind: 'query', name: 'sid' },
        ],
      },
    ],
    [
      'consistent-hash by rendezvous',
      {
        strategy: { use: 'consistent-hash', options: { method: 'rendezvous' } },
        affinity: [{ kind: 'query', name: 'sid' }],
      },
    ],
  ] as [string, Partial<PoolConfig>][])('stay together by %s', async (_, pool) => {
    await using rig = await startBackends(pool, polling)
    for (let session = 0; session < 6; session += 1) {
      const browser = new Browser()
      const home = await browser.visit(rig.edge, `/begin?sid=${session}`)
      const sent = [...browser.cookies].map(([name, value]) => `Cookie: ${name}=${value}\r\n`).join('')
      const poll = await connectTo(rig.edge.port)
      poll.send(get(`/poll?sid=${session}`, sent))
      const arrived = (): string | undefined =>
        NAMES.find((name) => rig.named(name).requests.some(({ target }) => target === `/poll?sid=${session}`))
      await turnUntil(() => arrived() !== undefined, 'the poll at a backend')
      expect([arrived(), await browser.visit(rig.edge, `/send?sid=${session}`)]).toEqual([home, home])
      poll.reset()
    }
  })
})
