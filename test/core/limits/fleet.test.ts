import { describe, expect, test } from 'bun:test'
import type { Ask, Order } from '../../../core/limits/keeper.ts'
import { createFleet, url } from '../../support/fleet.ts'
import { Secret } from '../../../core/secrets.ts'

const order: Order = { perMs: 1, burst: 10, wanted: 1, returned: 0, lacking: 0 }

/** What becomes of an ask, in words. */
function ask(bucket = 'b'): Ask & { readonly heard: string[] } {
  const heard: string[] = []
  return {
    heard,
    bucket,
    prepare: () => order,
    answered: ({ granted }) => void heard.push(`granted ${granted}`),
    failed: () => void heard.push('failed'),
    late: () => void heard.push('late'),
  }
}

/** A node alone, which has joined. */
async function joined() {
  const { nodes, redis, run, clock } = createFleet({ nodes: 1 })
  const [{ fleet, events }] = nodes as [(typeof nodes)[0]]
  fleet.update(url)
  await run(10)
  return { fleet, events, redis, run, clock }
}

describe('a node', () => {
  test('is by itself without a URL, opens nothing and tells nothing', async () => {
    const { nodes, redis, run } = createFleet({ nodes: 1 })
    await run(5000)
    expect([nodes[0]!.fleet.isJoined, nodes[0]!.events, redis.commands]).toEqual([false, [], []])
  })

  test('joins, and says so', async () => {
    const { fleet, events, redis } = await joined()
    expect([fleet.isJoined, fleet.nodes]).toEqual([true, 1])
    expect(events).toEqual([{ kind: 'limits-shared', nodes: 1 }])
    expect(redis.commands).toEqual(['SCRIPT', 'SCRIPT', 'EVALSHA'])
  })

  test('comes to know the others, and forgets those that have gone', async () => {
    const { nodes, join, run } = createFleet({ nodes: 3 })
    await join()
    expect(nodes.map(({ fleet }) => fleet.nodes)).toEqual([3, 3, 3])
    nodes[2]!.fleet.update(undefined)
    expect([nodes[2]!.fleet.isJoined, nodes[2]!.fleet.nodes]).toEqual([false, 1])
    await run(9000)
    expect(nodes.map(({ fleet }) => fleet.nodes)).toEqual([2, 2, 1])
  })

  test('hashes keys as the others do', async () => {
    const { nodes, join } = createFleet({ nodes: 3 })
    const hashes = (): number[] =>
      nodes.map(({ fleet: { hash } }) => {
        hash.hash(Buffer.from('key'), 0, 3)
        return hash.low
      })
    expect(new Set(hashes()).size).toBe(3)
    await join()
    expect(new Set(hashes()).size).toBe(1)
  })

  test('keeps the seed that it has for a Redis that has forgotten it', async () => {
    const { nodes, join, redis, run } = createFleet({ nodes: 2 })
    await join()
    const { hash } = nodes[1]!.fleet
    hash.hash(Buffer.from('key'), 0, 3)
    const before = hash.low
    redis.kill({ forgets: true })
    redis.isUp = true
    await run(5000)
    hash.hash(Buffer.from('key'), 0, 3)
    expect(hash.low).toBe(before)
  })

  test('leaves what it is told to leave, for another or for nothing', async () => {
    const { fleet, redis, run, events } = await joined()
    const waiting = ask()
    redis.latencyMs = 10
    fleet.send(waiting)
    await run(1)
    fleet.update(new Secret('redis://other'))
    expect([fleet.isJoined, waiting.heard]).toEqual([false, ['failed']])
    await run(60)
    expect(fleet.isJoined).toBe(true)
    fleet.update(new Secret('redis://other'))
    expect(fleet.isJoined).toBe(true)
    fleet.update(undefined)
    redis.commands.length = 0
    await run(60_000)
    expect([fleet.isJoined, redis.commands]).toEqual([false, []])
    expect(events.map(({ kind }) => kind)).toEqual(['limits-shared', 'limits-shared'])
  })
})

describe('what is asked', () => {
  test('within a turn goes out together, and each gets its answer', async () => {
    const { fleet, redis, run } = await joined()
    const asks = Array.from({ length: 300 }, (_, index) => ask(`b${index}`))
    redis.commands.length = 0
    for (const one of asks) fleet.send(one)
    await run(3)
    expect(redis.commands).toEqual(['EVALSHA', 'EVALSHA', 'EVALSHA'])
    expect(new Set(asks.flatMap(({ heard }) => heard))).toEqual(new Set(['granted 1']))
  })

  test('before it has joined fails in the same turn', async () => {
    const { nodes, run } = createFleet({ nodes: 1 })
    const one = ask()
    nodes[0]!.fleet.send(one)
    expect(one.heard).toEqual([])
    await run(1)
    expect(one.heard).toEqual(['failed'])
  })

  test('is late after 50 ms, and nobody else waits before the answer has come', async () => {
    const { fleet, redis, run, clock, events } = await joined()
    redis.latencyMs = 120
    const one = ask()
    fleet.send(one)
    await run(49)
    expect([one.heard, fleet.isPrompt(clock.now())]).toEqual([[], true])
    await run(3)
    expect([one.heard, fleet.isPrompt(clock.now())]).toEqual([['late'], false])
    await run(80)
    expect([one.heard, fleet.isPrompt(clock.now())]).toEqual([['late', 'granted 1'], true])
    expect(events).toHaveLength(1)
  })
})

describe('a Redis that is away', () => {
  test('since it was killed is told of once, with what was asked, and once when it is back', async () => {
    const { fleet, redis, run, events } = await joined()
    const one = ask()
    redis.latencyMs = 10
    fleet.send(one)
    await run(1)
    redis.kill()
    await run(1)
    expect([one.heard, fleet.isJoined]).toEqual([['failed'], false])
    await run(8000)
    redis.isUp = true
    await run(8000)
    expect(fleet.isJoined).toBe(true)
    expect(events).toEqual([
      { kind: 'limits-shared', nodes: 1 },
      { kind: 'limits-local', nodes: 1, reason: 'the connection is lost' },
      { kind: 'limits-shared', nodes: 1, forMs: expect.any(Number) },
    ])
    redis.kill()
    redis.isUp = true
    await run(110)
    expect(fleet.isJoined).toBe(true)
  })

  test('from the start is told of, and tried less and less often', async () => {
    const { nodes, redis, run } = createFleet({ nodes: 1 })
    redis.isUp = false
    nodes[0]!.fleet.update(url)
    await run(60_000)
    expect(nodes[0]!.events).toEqual([
      { kind: 'limits-local', nodes: 1, reason: 'it cannot be reached, or does not take the password' },
    ])
    const pauses = redis.attempts.slice(1).map((at, index) => at - redis.attempts[index]!)
    const longest = [100, 200, 400, 800]
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual((longest[index] ?? 1000) / 2)
      expect(pause).toBeLessThanOrEqual((longest[index] ?? 1000) + 1)
    }
    expect(pauses.length).toBeGreaterThan(60)
  })

  test.each([
    ['answers nothing', { isSilent: true }, 'no answer within 500 ms'],
    ['takes no writes', { refusal: 'READONLY You can’t write against a read only replica.' }, /^READONLY/],
    ['has run out of memory', { refusal: 'OOM command not allowed' }, 'OOM command not allowed'],
    ['answers text', { answer: 'OK' }, /^it answers in another form/],
    ['answers too little', { answer: [1] }, /^it answers in another form/],
    ['answers no numbers', { answer: ['1', null] }, /^it answers in another form/],
  ] as const)('since it %s', async (_, state, reason) => {
    const { fleet, redis, run, events } = await joined()
    Object.assign(redis, state)
    const one = ask()
    fleet.send(one)
    await run(600)
    expect(fleet.isJoined).toBe(false)
    expect(one.heard.at(-1)).toBe('failed')
    expect(events[1]).toMatchObject({ kind: 'limits-local', reason: expect.stringMatching(reason) })
    await run(20_000)
    expect(events).toHaveLength(2)
    Object.assign(redis, { isSilent: false, refusal: undefined, answer: undefined })
    await run(6000)
    expect([fleet.isJoined, events.length]).toEqual([true, 3])
  })

  test('while nobody asks is noticed by the next beat', async () => {
    const { redis, run, events } = await joined()
    redis.isSilent = true
    await run(2600)
    expect(events[1]).toMatchObject({ kind: 'limits-local', reason: 'no answer within 500 ms' })
  })

  test('since it takes too long to connect', async () => {
    const { nodes, redis, run } = createFleet({ nodes: 1 })
    redis.isSilent = true
    nodes[0]!.fleet.update(url)
    await run(2100)
    expect(nodes[0]!.events[0]).toMatchObject({ kind: 'limits-local', reason: 'no answer within 2000 ms' })
  })

  test('tells nobody its URL', async () => {
    const { redis, run, events, fleet } = await joined()
    redis.kill()
    await run(10_000)
    expect(JSON.stringify([events, fleet])).not.toContain('for-tests-only')
    expect(Bun.inspect([events, fleet], { depth: 9 })).not.toContain('for-tests-only')
  })
})
