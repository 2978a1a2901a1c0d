import { describe, expect, test } from 'bun:test'
import { startProcess } from '../support/running-process.ts'
import { connectTo } from '../support/raw-client.ts'
import { picking } from '../support/strategy-files.ts'

describe('near the limit of open files', () => {
  test('idle clients make room, and a saved strategy goes live', async () => {
    using backend = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('here') })
    await using edge = await startProcess({
      shell: 'ulimit -n 160;',
      pool: { backends: [`http://127.0.0.1:${backend.port}`], strategy: './mine.ts' },
      config: { limits: { connections: 1000 } },
      files: { 'mine.ts': picking(0) },
    })
    expect(await edge.event('open-files')).toMatchObject({ level: 'warn', limit: 160, wanted: 2192 })
    await edge.event('ready')
    const clients = await Promise.all(Array.from({ length: 200 }, () => connectTo(edge.port)))
    await edge.files.write('mine.ts', `${picking(0)}// again`)
    await edge.event('strategy-swapped')
    // Bun's sockets can have nobody wait until the others have been idle for long enough to give way.
    let text = ''
    while (text !== 'here') text = await (await fetch(`http://127.0.0.1:${edge.port}/`)).text()
    for (const client of clients) client.close()
  }, 20_000)

  test('idle connections to backends make room for others, and nobody is taken out', async () => {
    const backends = Array.from({ length: 3 }, () =>
      Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        idleTimeout: 0,
        fetch: () => Bun.sleep(100).then(() => new Response('here')),
      }),
    )
    const poolOf = (index: number) => ({ backends: [`http://127.0.0.1:${backends[index]?.port}`] })
    await using edge = await startProcess({
      shell: 'ulimit -n 192;',
      pool: poolOf(0),
      config: {
        pools: { web: poolOf(0), one: poolOf(1), two: poolOf(2) },
        routes: [
          { match: { path: '/1' }, pool: 'one' },
          { match: { path: '/2' }, pool: 'two' },
          { match: {}, pool: 'web' },
        ],
      },
    })
    await edge.event('ready')
    for (const path of ['/0', '/1', '/2']) {
      const burst = Array.from({ length: 50 }, () =>
        fetch(`http://127.0.0.1:${edge.port}${path}`, { keepalive: false }),
      )
      const statuses = (await Promise.all(burst)).map(({ status }) => status)
      expect(statuses).toEqual(statuses.map(() => 200))
    }
    expect(edge.lines().filter((line) => /backend-down|shortage/.test(line))).toEqual([])
    for (const backend of backends) void backend.stop(true)
  }, 20_000)

  test('a start says what is short, and ends', async () => {
    await using edge = await startProcess({
      shell: 'ulimit -n 32;',
      pool: { backends: ['http://127.0.0.1:9'] },
    })
    expect(await edge.child.exited).toBe(1)
    expect(edge.lines().join('\n')).toMatch(
      /expected-delay\.ts: could not be examined: only \d+ more files can be opened/,
    )
  }, 20_000)
})
