/** Two processes that share a limit by a real Redis, which is killed and comes back under load. */
import { describe, expect, test } from 'bun:test'
import { startRedis } from '../../scripts/services.ts'
import { makeMember } from '../support/make-backend.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'
import { startSteadyBackend } from '../support/steady-load.ts'

const RATE = 200
const BURST = 100

async function startNode(port: number, redis: string): Promise<RunningProcess> {
  const { id } = makeMember(port)
  return startProcess({
    pool: { backends: [{ url: `http://${id}` }], limits: [{ rate: `${RATE}/s`, burst: BURST, shared: true }] },
    config: { clients: { redis } },
  })
}

/** Clients that ask both without a pause; whatever they hear is counted. */
function startLoad(nodes: readonly RunningProcess[]) {
  const heard = new Map<string, number>()
  const startedAt = performance.now()
  const state = { isOver: false }
  const ask = async (url: string): Promise<void> => {
    while (!state.isOver) {
      const said = await fetch(url).then(
        async (response) => {
          await response.arrayBuffer()
          return String(response.status)
        },
        (error: unknown) => String(error),
      )
      heard.set(said, (heard.get(said) ?? 0) + 1)
    }
  }
  const clients = nodes.flatMap(({ port }) => [1, 2].map(() => ask(`http://127.0.0.1:${port}/`)))
  return {
    count: (said: string): number => heard.get(said) ?? 0,
    async stop() {
      state.isOver = true
      await Promise.all(clients)
      return { heard: Object.fromEntries(heard), most: BURST + ((performance.now() - startedAt) * RATE) / 1000 }
    },
  }
}

describe('a limit that two nodes share', () => {
  test('holds, and no request fails, while Redis is killed and comes back', async () => {
    await using redis = await startRedis()
    const backend = startSteadyBackend()
    await using one = await startNode(backend.port, redis.url)
    await using two = await startNode(backend.port, redis.url)
    const nodes = [one, two]
    const all = (kind: string) => Promise.all(nodes.map((node) => node.event(kind)))
    await all('limits-shared')
    const load = startLoad(nodes)
    while (load.count('200') < 2 * BURST)
      await Promise.race(nodes.map(({ port }) => fetch(`http://127.0.0.1:${port}/`)))
    await redis.kill()
    expect(await all('limits-local')).toMatchObject([
      { level: 'warn', nodes: 2 },
      { level: 'warn', nodes: 2 },
    ])
    await redis.restart()
    expect(await all('limits-shared')).toMatchObject([{ level: 'info' }, { level: 'info' }])
    const { heard, most } = await load.stop()
    await backend.stop()
    expect(Object.keys(heard).toSorted()).toEqual(['200', '429'])
    expect(heard['200']).toBeLessThan(most + BURST)
    for (const node of nodes) expect(node.lines().join('\n')).not.toContain(new URL(redis.url).password)
  }, 30_000)
})
