import { describe, expect, test } from 'bun:test'
import type { World } from '../../../core/exchange/world.ts'
import { Published } from '../../../core/runtime/published.ts'
import { testConfig } from '../../support/edge.ts'

const worlds = () => {
  const made: World[] = []
  const make = (): World => {
    const world = {} as World
    made.push(world)
    return world
  }
  return { made, make }
}

describe('what is published', () => {
  test('is nothing before the first commit', async () => {
    const { make, made } = worlds()
    const published = new Published()
    const move = await published.part(make).prepare(testConfig())
    expect(() => published.world).toThrow('no config has been applied yet')
    expect(() => published.config).toThrow('no config has been applied yet')
    move.abandon()
    expect(made).toEqual([])
  })

  test('is config and snapshot of the last commit', async () => {
    const { make, made } = worlds()
    const published = new Published()
    const part = published.part(make)
    const [first, second] = [testConfig(), testConfig({ drainTimeoutMs: 1 })]
    for (const config of [first, second]) (await part.prepare(config)).commit()
    expect(published.config).toBe(second)
    expect(published.world).toBe(made[1]!)
  })

  test('has news only in another content', async () => {
    const published = new Published()
    const part = published.part(worlds().make)
    const isNews = async (config = testConfig()) => (await part.prepare(config)).isNews
    expect(await isNews()).toBe(true)
    ;(await part.prepare(testConfig())).commit()
    expect(await isNews()).toBe(false)
    expect(await isNews(testConfig({ drainTimeoutMs: 1 }))).toBe(true)
  })
})
