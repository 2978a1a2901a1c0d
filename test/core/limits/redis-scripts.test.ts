import { afterAll, describe, expect, test } from 'bun:test'
import { JOIN, TAKE } from '../../../core/limits/redis-scripts.ts'
import { seededRandom } from '../../../core/random.ts'
import { ModelRedis } from '../../support/model-redis.ts'
import { redisForTests } from '../../support/services.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const service = redisForTests()
let opened: Bun.RedisClient | undefined
afterAll(() => opened?.close())

const client = async (): Promise<Bun.RedisClient> => (opened ??= new Bun.RedisClient(service().url))

const evaluate = async (script: string, keys: readonly string[], values: readonly (number | string)[]) =>
  (await client()).send('EVAL', [script, String(keys.length), ...keys, ...values.map(String)]) as Promise<unknown[]>

/** So slow that no test sees a token come. */
const NEVER = 1e-9
const take = (key: string, ...[burst, wanted, returned = 0, lacking = 0, perMs = NEVER]: number[]) =>
  evaluate(TAKE, [key], [perMs, burst!, wanted!, returned, lacking])

let names = 0
const someKey = (): string => `test:${(names += 1)}`

describe('a bucket in Redis', () => {
  test('grants what it has, whole tokens, and says what is left', async () => {
    const key = someKey()
    expect(await take(key, 10, 4)).toEqual([4, 6000])
    expect(await take(key, 10, 4)).toEqual([4, 2000])
    expect(await take(key, 10, 4)).toEqual([2, 0])
    expect(await take(key, 10, 4)).toEqual([0, 0])
  })

  test('keeps the part of a token that it can’t grant', async () => {
    const key = someKey()
    await (await client()).set(key, '7.500000 99999999999999.000')
    expect(await take(key, 10, 5)).toEqual([2, 500])
    expect(await take(key, 10, 5)).toEqual([0, 500])
  })

  test('takes back what was granted, up to its burst, and is told of what was not', async () => {
    const key = someKey()
    await take(key, 10, 8)
    expect(await take(key, 10, 0, 5)).toEqual([0, 7000])
    expect(await take(key, 10, 0, -4)).toEqual([0, 3000])
    expect(await take(key, 10, 0, 99)).toEqual([0, 10_000])
    expect(await (await client()).exists(key)).toBe(false)
    expect(await take(key, 10, 1, -99)).toEqual([0, 0])
  })

  test('lacks what it is said to lack at least, and no less than it does', async () => {
    const key = someKey()
    expect(await take(key, 10, 1, 0, 6)).toEqual([1, 3000])
    expect(await take(key, 10, 1, 0, 2)).toEqual([1, 2000])
    expect(await take(key, 10, 1, 0, 1e6)).toEqual([0, 0])
  })

  test('fills up by the clock of the server, and is gone when it is full', async () => {
    const key = someKey()
    const redis = await client()
    const [seconds, micros] = (await redis.send('TIME', [])) as [string, string]
    const now = Number(seconds) * 1000 + Number(micros) / 1000
    await redis.set(key, `10.000000 ${(now - 60_000).toFixed(3)}`)
    const [granted, left] = (await take(key, 10, 0, 0, 0, 1 / 10_000)) as [number, number]
    expect(granted).toBe(0)
    expect(left).toBeGreaterThanOrEqual(6000)
    expect(left).toBeLessThan(6100)
    const expiry = await redis.send('PTTL', [key])
    expect(expiry).toBeGreaterThan(39_000)
    expect(expiry).toBeLessThanOrEqual(40_000)
  })

  test('is not held up by a server whose clock is behind', async () => {
    const key = someKey()
    await (await client()).set(key, '4.000000 99999999999999.000')
    expect(await take(key, 10, 0, 0, 0, 1)).toEqual([0, 6000])
    const stored = await (await client()).get(key)
    expect(Number(stored?.split(' ')[1])).toBeLessThan(99_999_999_999_999)
  })

  test('keeps its level when burst and rate become others', async () => {
    const key = someKey()
    await take(key, 100, 40)
    expect(await take(key, 200, 0)).toEqual([0, 160_000])
    expect(await take(key, 30, 0)).toEqual([0, 0])
  })

  test('takes the largest and the slowest of limits', async () => {
    const key = someKey()
    const perMs = 1 / 86_400_000
    expect(await take(key, 1e9, 1e9, 0, 0, perMs)).toEqual([1e9, 0])
    expect(await take(key, 1e9, 1, 0, 0, perMs)).toEqual([0, 0])
    expect(await take(someKey(), 1e9, 1, 0, 0, 1e6)).toEqual([1, 999_999_999_000])
  })

  test.each(['', 'x', '1', 'nan nan', '-1e999 0', '\0\xff'])(
    'takes %j, which is none, for a full one',
    async (text) => {
      const key = someKey()
      await (await client()).set(key, text)
      expect(await take(key, 10, 3)).toEqual([3, 7000])
    },
  )

  test('is asked for with others, each by its own measures', async () => {
    const keys = [someKey(), someKey()]
    const measures = [
      [NEVER, 5, 7, 0, 0],
      [NEVER, 50, 7, 0, 10],
    ]
    expect(await evaluate(TAKE, keys, measures.flat())).toEqual([5, 0, 7, 33_000])
  })

  test.each([1, 2, 3])('does as the model of the other tests does: seed %d', async (seed) => {
    const random = seededRandom(seed)
    const model = new ModelRedis(virtualClock())
    const keys = [someKey(), someKey(), someKey()]
    for (let step = 0; step < 60; step += 1) {
      const some = keys.filter(() => random() < 0.6)
      const draw = (count: number): number => Math.floor(random() * count)
      const numbers = some.flatMap(() => [NEVER, 1 + draw(30), draw(12), draw(9) - 4, draw(5) === 0 ? draw(20) : 0])
      if (some.length > 0) expect(await evaluate(TAKE, some, numbers)).toEqual(model.take(some, numbers))
    }
  })
})

describe('nodes in Redis', () => {
  test('are counted for as long as they say that they are there, and have the first one’s seed', async () => {
    const keys = [someKey(), someKey()]
    const join = (name: string) => evaluate(JOIN, keys, [name, `seed ${name}`, 60_000, 30_000])
    expect(await join('a')).toEqual([1, 1, 'seed a'])
    expect(await join('b')).toEqual([2, 2, 'seed a'])
    expect(await join('a')).toEqual([2, 2, 'seed a'])
    const redis = await client()
    const now = Number(((await redis.send('TIME', [])) as string[])[0]) * 1000
    await redis.send('ZADD', [keys[0]!, String(now - 40_000), 'b'])
    expect(await join('a')).toEqual([2, 1, 'seed a'])
    await redis.send('ZADD', [keys[0]!, '1', 'b'])
    expect(await join('a')).toEqual([1, 1, 'seed a'])
    expect(await (await client()).send('PTTL', [keys[0]!])).toBeGreaterThan(59_000)
  })
})
