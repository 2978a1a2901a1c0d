import { describe, expect, test } from 'bun:test'
import type { PoolConfig } from '../../../core/config/config.ts'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import { createNameTable } from '../../../core/names/resolver.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { type Move, Refusal } from '../../../core/part.ts'
import { seededRandom } from '../../../core/random.ts'
import { createTurns } from '../../../core/inbound/turns.ts'
import { Pools } from '../../../core/runtime/pools.ts'
import { createPluginHost } from '../../../core/strategy/host.ts'
import { openBudget } from '../../support/budget.ts'
import { testConfig, testPool } from '../../support/edge.ts'
import { makeMember } from '../../support/make-backend.ts'
import { turn } from '../../support/raw-peer.ts'
import { Secret } from '../../../core/secrets.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** Pools without a socket: nobody asks, and nothing is checked unless a test says so. */
function making() {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const failing = new Set<string>()
  const looks: string[] = []
  const plugins = createPluginHost({ clock, examine: async () => undefined })
  const pools = new Pools({
    names: createNameTable(clock, () => undefined),
    budget: openBudget(clock),
    clock,
    random: seededRandom(1),
    emit: (event) => void events.push(event),
    wheel: new TimerWheel(clock, () => undefined),
    turns: createTurns(clock, () => undefined),
    head: new ResponseHead(MAX_FIELDS),
    window: { generation: 0 },
    dial: () => {
      throw new Error('nobody is to be called')
    },
    plugins: {
      ...plugins,
      load(use, options) {
        looks.push(use)
        return failing.has(use) ? Promise.reject(new Error(`${use} is broken`)) : plugins.load(use, options)
      },
    },
    stickyKey: () => new Secret('a key of this process'),
  })
  const prepare = (...configs: PoolConfig[]): Promise<Move> => pools.prepare(testConfig({ pools: configs }))
  const commit = async (...configs: PoolConfig[]): Promise<void> => (await prepare(...configs)).commit()
  return { clock, events, failing, looks, pools, prepare, commit }
}

const pool = (name: string, facts: Partial<PoolConfig> = {}): PoolConfig => ({ ...testPool([1, 2]), name, ...facts })
const roundRobin = { strategy: { use: 'round-robin', options: undefined } }
const problemsOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'prepared',
    (error: unknown) => (error instanceof Refusal ? error.problems : error),
  )

describe('pools', () => {
  test('run from their commit on, in the order of the config', async () => {
    const { pools, prepare } = making()
    const move = await prepare(pool('b', roundRobin), pool('a', roundRobin))
    expect(pools.running.size).toBe(0)
    move.commit()
    expect([...pools.running.keys()]).toEqual(['b', 'a'])
  })

  test('stay the same objects for as long as they are configured', async () => {
    const { pools, commit } = making()
    await commit(pool('a', roundRobin), pool('b', roundRobin))
    const [a, b] = [pools.running.get('a')!, pools.running.get('b')!]
    const [backend] = b.backends
    await commit(pool('b', { ...roundRobin, members: [makeMember(1, { weight: 3 }), makeMember(9)] }))
    expect(pools.running.get('a')).toBeUndefined()
    expect(pools.running.get('b')).toBe(b)
    expect(b.backends[0]).toBe(backend)
    expect(b.backends.map(({ id, weight }) => [id, weight])).toEqual([
      ['127.0.0.1:1', 3],
      ['127.0.0.1:9', 1],
    ])
    expect(a.backends).toHaveLength(2)
  })

  test('tell every strategy that cannot be had, and nothing has changed', async () => {
    const { pools, prepare, commit, failing } = making()
    await commit(pool('a', roundRobin))
    failing.add('random').add('p2c')
    const next = [
      pool('x', { strategy: { use: 'random', options: undefined } }),
      pool('a', { ...roundRobin, members: [] }),
      pool('y', { strategy: { use: 'p2c', options: undefined } }),
    ]
    expect(await problemsOf(prepare(...next))).toEqual([
      { key: 'pools.x.strategy', message: 'random is broken' },
      { key: 'pools.y.strategy', message: 'p2c is broken' },
    ])
    expect([...pools.running.keys()]).toEqual(['a'])
    expect(pools.running.get('a')!.backends).toHaveLength(2)
  })

  test('keep a strategy whose file has gone bad, and take the rest of the config', async () => {
    const { pools, prepare, commit, failing } = making()
    await commit(pool('a', roundRobin))
    failing.add('round-robin')
    const move = await prepare(pool('a', { ...roundRobin, members: [] }))
    expect([move.isNews, move.kept]).toEqual([false, [{ key: 'pools.a.strategy', message: 'round-robin is broken' }]])
    move.commit()
    expect(pools.running.get('a')!.backends).toEqual([])
  })

  test('look at a strategy once for all who have it, sound or faulty, and anew for the next config', async () => {
    const { prepare, commit, failing, looks } = making()
    const three = ['a', 'b', 'c'].map((name) => pool(name, roundRobin))
    await commit(...three)
    expect(looks).toEqual(['round-robin'])
    failing.add('round-robin')
    const { kept } = await prepare(...three)
    expect([looks.length, kept?.map(({ key }) => key)]).toEqual([
      2,
      ['pools.a.strategy', 'pools.b.strategy', 'pools.c.strategy'],
    ])
  })

  test('get ready few a turn, so that requests are served in between', async () => {
    const { prepare, commit } = making()
    const many = Array.from({ length: 201 }, (_, index) => pool(`p${index}`, roundRobin))
    await commit(...many)
    const first = (some: readonly PoolConfig[]) =>
      Promise.race([prepare(...some).then(() => 'ready'), turn().then(() => 'a turn')])
    expect([await first(many.slice(1)), await first(many)]).toEqual(['ready', 'a turn'])
  })

  test('have news in another strategy alone', async () => {
    const { prepare, commit } = making()
    await commit(pool('a', roundRobin))
    expect((await prepare(pool('a', { ...roundRobin, members: [] }))).isNews).toBe(false)
    expect((await prepare(pool('a', { strategy: { use: 'random', options: undefined } }))).isNews).toBe(true)
  })

  test('come back with their backends while these finish, and anew after that', async () => {
    const { clock, pools, commit } = making()
    await commit(pool('a', roundRobin), pool('b', roundRobin))
    const [a, b] = [pools.running.get('a')!, pools.running.get('b')!]
    const [backend] = a.backends
    await commit(pool('b', roundRobin))
    clock.advance(4000)
    await commit(pool('a', roundRobin))
    expect([pools.running.get('a'), a.backends[0]]).toEqual([a, backend!])
    clock.advance(5000)
    await commit(pool('a', roundRobin), pool('b', roundRobin))
    expect(pools.running.get('b')).not.toBe(b)
  })

  test('stay away when the config that would bring them back is abandoned', async () => {
    const { pools, prepare, commit } = making()
    await commit(pool('a', roundRobin))
    await commit()
    const move = await prepare(pool('a', roundRobin))
    move.abandon()
    expect(pools.running.size).toBe(0)
  })

  test('tell the files of their strategies and what is under way', async () => {
    const { pools, commit } = making()
    await commit(pool('a', roundRobin))
    expect(pools.files().some((file) => file.endsWith('plugins/round-robin.ts'))).toBe(true)
    const [backend] = pools.running.get('a')!.backends
    backend!.inflight = 2
    expect(pools.load().get('a')).toEqual(
      new Map([
        ['127.0.0.1:1', { connections: 2, tunnels: 0 }],
        ['127.0.0.1:2', { connections: 0, tunnels: 0 }],
      ]),
    )
  })
})

describe('checks of a pool', () => {
  const health = {
    check: { kind: 'tcp' },
    intervalMs: 1000,
    jitterRatio: 0,
    timeoutMs: 100,
    rise: 1,
    fall: 1,
    initially: 'usable',
    maxConcurrent: 1,
  } as const

  test.each([
    [
      'abandoned',
      async ({ prepare }: ReturnType<typeof making>) => (await prepare(pool('a', { ...roundRobin, health }))).abandon(),
    ],
    [
      'removed',
      async ({ commit }: ReturnType<typeof making>) => {
        await commit(pool('a', { ...roundRobin, health, members: [makeMember(1)] }))
        await commit()
      },
    ],
    [
      'stopped',
      async ({ pools, commit }: ReturnType<typeof making>) => {
        await commit(pool('a', { ...roundRobin, health }))
        pools.stop()
      },
    ],
  ])('end when it is %s', async (_, end) => {
    const made = making()
    await end(made)
    // What is left is the drain timeout of a removed backend.
    made.clock.advance(5000)
    expect(made.clock.pending()).toBe(0)
    expect(made.events).toEqual([])
  })
})
