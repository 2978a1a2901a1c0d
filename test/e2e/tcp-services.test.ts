/** Real servers behind a listener in TCP mode: what their sessions lose, and what they do not. */
import { describe, expect, test } from 'bun:test'
import { startRedis } from '../../scripts/services.ts'
import { testPool } from '../support/edge.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { postgresForTests, redisForTests } from '../support/services.ts'
import { startTcpRig, tcpRoute, type TcpRig } from '../support/tcp-rig.ts'

const postgres = postgresForTests()
const redis = redisForTests()

const portIn = (url: string): number => Number(new URL(url).port)

/** The same, by way of the edge. */
const through = (url: string, { edge }: TcpRig): string => Object.assign(new URL(url), { port: String(edge.port) }).href

/** An edge that leads to these, without raw backends. */
async function startFor(urls: readonly string[]): Promise<TcpRig> {
  const rig = await startTcpRig({ backends: 0, routes: [] })
  const pool = testPool(urls.map(portIn), { strategy: { use: 'round-robin', options: undefined } })
  await rig.edge.apply({ pools: [pool], tcpRoutes: [tcpRoute()] })
  return rig
}

describe('PostgreSQL', () => {
  test('keeps every session over reloads under load', async () => {
    const { url } = postgres()
    await using rig = await startFor([url])
    await using sql = new Bun.SQL(through(url, rig), { max: 8, idleTimeout: 0 })
    const sessions = new Set<number>()
    const over = new AbortController()
    const working = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) {
        const [row] = await sql`SELECT pg_backend_pid() AS pid, repeat('x', 5000) AS text`
        sessions.add(row.pid)
      }
    })
    await turnUntil(() => sessions.size > 1, 'a second session')
    for (let index = 0; index < 40; index += 1) {
      const { pools } = rig.edge.edge.control.config
      const idleMs = 60_000 + index
      const changed = { ...pools[0]!, maxInflight: 100 + index }
      await rig.edge.apply({ pools: [changed], tcpRoutes: [tcpRoute({ tunnel: { idleMs, longestMs: undefined } })] })
    }
    over.abort()
    await Promise.all(working)
    // As many as were opened are open: none was lost and made anew.
    const { tunnels, tunnelsOpen, truncated } = rig.edge.counters
    expect([tunnelsOpen, truncated]).toEqual([tunnels, 0])
    await sql.close()
  })

  test('passes a large result, and a large argument', async () => {
    const { url } = postgres()
    await using rig = await startFor([url])
    await using sql = new Bun.SQL(through(url, rig), { max: 1 })
    const text = 'abcdefgh'.repeat(500_000)
    const [row] = await sql`SELECT length(${text}::text) AS size, ${text}::text AS back`
    expect([row.size, row.back === text]).toEqual([4_000_000, true])
    await sql.close()
  })
})

describe('Redis', () => {
  test('that is killed loses its own sessions alone, and new ones go to the other', async () => {
    await using second = await startRedis()
    const urls = [redis().url, second.url]
    await using rig = await startFor(urls)
    const clients = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const client = new Bun.RedisClient(through(urls[0]!, rig), { autoReconnect: false, enableOfflineQueue: false })
        await client.connect()
        return client
      }),
    )
    const alive = async (): Promise<number> => {
      const answers = await Promise.allSettled(clients.map((client) => client.send('PING', [])))
      return answers.filter(({ status }) => status === 'fulfilled').length
    }
    expect(await alive()).toBe(10)
    await second.kill()
    await turnUntil(() => rig.edge.edge.status().pools[0]?.backends[1]?.inflight === 0, 'the end of its sessions')
    expect(await alive()).toBe(5)
    for (let index = 0; index < 6; index += 1) {
      const client = new Bun.RedisClient(through(urls[0]!, rig), { autoReconnect: false })
      await client.connect()
      expect(await client.send('PING', [])).toBe('PONG')
      client.close()
    }
    for (const client of clients) client.close()
    expect(rig.edge.counters.responses['5xx']).toBe(0)
  })
})
