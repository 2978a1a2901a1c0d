import { describe, expect, test } from 'bun:test'
import type { Config } from '../../../core/config/config.ts'
import { apply } from '../../../core/control/edge-control.ts'
import type { World } from '../../../core/exchange/world.ts'
import { type Part, NO_MOVE } from '../../../core/part.ts'
import { createEdgeControl } from '../../../core/runtime/control.ts'
import { createLife } from '../../../core/runtime/life.ts'
import type { Listeners } from '../../../core/runtime/listeners.ts'
import type { Pools } from '../../../core/runtime/pools.ts'
import { Published } from '../../../core/runtime/published.ts'
import { testConfig } from '../../support/edge.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** An edge of one part, which fails for a config of that drain timeout, beside the one that publishes. */
function controlling(failsAt = -1) {
  const log: string[] = []
  const part: Part<Config> = {
    async prepare({ drainTimeoutMs }) {
      if (drainTimeoutMs === failsAt) throw new Error('no')
      return {
        ...NO_MOVE,
        commit: () => void log.push(`commit ${drainTimeoutMs}`),
        abandon: () => void log.push(`abandon ${drainTimeoutMs}`),
      }
    },
  }
  const published = new Published()
  const life = createLife(virtualClock(), () => true)
  const running = new Map([['web', { recheck: (id: string) => (id === 'a' ? 'started' : 'no-checks') }]])
  const pools = { files: () => ['/a', '/b', '/a'], load: () => new Map([['web', new Map()]]), running }
  const control = createEdgeControl({
    parts: [part, published.part(() => ({}) as World)],
    providers: { prepare: async () => NO_MOVE, whole: (config) => config },
    published,
    pools: pools as unknown as Pools,
    listeners: { load: () => new Map() } as unknown as Listeners,
    life,
  })
  return { control, life, log }
}

const config = (drainTimeoutMs: number): Config => testConfig({ drainTimeoutMs })

describe('the edge as one part', () => {
  test('commits its parts together, and has the config in force then', async () => {
    const { control, log } = controlling()
    const move = await control.prepare(config(1))
    expect(() => control.config).toThrow('no config')
    move.commit()
    expect([control.config.drainTimeoutMs, log]).toEqual([1, ['commit 1']])
  })

  test('abandons what would change nothing', async () => {
    const { control, log } = controlling()
    expect(await apply(control, config(1))).toEqual({ kind: 'applied' })
    expect(await apply(control, config(1))).toEqual({ kind: 'unchanged' })
    expect(log).toEqual(['commit 1', 'abandon 1'])
  })

  test('is refused as a whole when a part refuses', async () => {
    const { control, log } = controlling(2)
    await apply(control, config(1))
    expect(await apply(control, config(2))).toEqual({ kind: 'refused', problems: [{ key: '', message: 'no' }] })
    expect([control.config.drainTimeoutMs, log]).toEqual([1, ['commit 1']])
  })

  test('takes no config once it drains', async () => {
    const { control, life } = controlling()
    void life.end({ delayMs: 0, withinMs: 1000, shut: (done) => done() })
    expect(await apply(control, config(1))).toEqual({
      kind: 'refused',
      problems: [{ key: '', message: 'the process is ending' }],
    })
  })

  test('tells of its parts what the controller asks', () => {
    const { control } = controlling()
    expect(control.files()).toEqual(['/a', '/b'])
    expect(control.load()).toEqual({ listeners: new Map(), pools: new Map([['web', new Map()]]) })
    expect([control.recheck('web', 'a'), control.recheck('web', 'b'), control.recheck('none', 'a')]).toEqual([
      'started',
      'no-checks',
      'unknown',
    ])
  })
})
