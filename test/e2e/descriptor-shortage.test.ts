import { describe, expect, test } from 'bun:test'
import { startProcess } from '../support/running-process.ts'
import { connectTo } from '../support/raw-client.ts'
import { picking } from '../support/strategy-files.ts'

describe('near the limit of open files', () => {
  test('a saved strategy is refused, and the process serves on', async () => {
    using backend = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('here') })
    await using edge = await startProcess({
      shell: 'ulimit -n 160;',
      pool: { backends: [`http://127.0.0.1:${backend.port}`], strategy: './mine.ts' },
      config: { limits: { connections: 1000 } },
      files: { 'mine.ts': picking(0) },
    })
    await edge.event('ready')
    const clients = await Promise.all(Array.from({ length: 120 }, () => connectTo(edge.port)))
    await edge.files.write('mine.ts', `${picking(0)}// again`)
    const refused = await edge.event('reload-failed')
    expect(refused['problems']).toEqual([
      expect.stringMatching(
        /mine\.ts:1:1: pools\.web\.strategy could not be examined: only \d+ more files can be opened, 32 are wanted; raise the/,
      ),
    ])
    for (const client of clients) client.close()
    const response = await fetch(`http://127.0.0.1:${edge.port}/`)
    expect(await response.text()).toBe('here')
    await edge.files.write('mine.ts', `${picking(0)}// once more`)
    await edge.event('strategy-swapped')
  }, 20_000)

  test('a start says what is short, and ends', async () => {
    await using edge = await startProcess({
      shell: 'ulimit -n 32;',
      pool: { backends: ['http://127.0.0.1:9'] },
    })
    expect(await edge.child.exited).toBe(1)
    expect(edge.lines().join('\n')).toMatch(/p2c\.ts: could not be examined: only \d+ more files can be opened/)
  }, 20_000)
})
