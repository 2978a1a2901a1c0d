import { describe, expect, test } from 'bun:test'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'
import { pluginText } from '../support/strategy-files.ts'

/** Sound in the worker that examines it; does `what` at each pick in traffic. */
const harmfulInTraffic = (what: string, head = ''): string =>
  pluginText(
    `{ pick(candidates: any) { if (isMainThread) { ${what} } return candidates[0] } }`,
    `import { isMainThread } from 'node:worker_threads'\n${head}`,
  )

async function serving(
  strategy: string,
  args: readonly string[] = [],
): Promise<RunningProcess & { ask(): Promise<string> }> {
  const backend = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('here') })
  const edge = await startProcess({
    pool: { backends: [`http://127.0.0.1:${backend.port}`], strategy: './mine.ts' },
    files: { 'mine.ts': strategy },
    args,
  })
  await edge.event('ready')
  return {
    ...edge,
    ask: async () => (await fetch(`http://127.0.0.1:${edge.port}/`)).text(),
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]()
      await backend.stop(true)
    },
  }
}

describe('a strategy in traffic', () => {
  test.each([
    ['process.exit(0)', ''],
    ['exit(0)', `import { exit } from 'node:process'`],
  ])(
    'that calls %s is told of, and taken back like any that throws',
    async (call, head) => {
      await using edge = await serving(harmfulInTraffic(call, head))
      for (let request = 0; request < 11; request += 1) expect(await edge.ask()).toBe('here')
      const fault = await edge.event('strategy-fault')
      expect(fault['detail']).toContain('pick threw: process.exit is refused while SmartEdge serves; SIGTERM ends it')
      expect((await edge.event('strategy-reverted'))['detail']).toStartWith('expected-delay stands in: ')
      edge.child.kill('SIGTERM')
      expect(await edge.child.exited).toBe(0)
    },
    20_000,
  )

  test('that throws in timers and promises for every request fills no log', async () => {
    const late = `setTimeout(() => { throw new Error('late') }, 0); void Promise.reject(new Error('rejected'))`
    await using edge = await serving(harmfulInTraffic(late))
    for (let request = 0; request < 300; request += 1) expect(await edge.ask()).toBe('here')
    expect((await edge.event('fault'))['detail']).toMatch(/^Error: (?:late|rejected)\n +at .*mine\.ts:/)
    expect((await edge.event('fault'))['more']).toBeGreaterThan(50)
    expect(edge.lines().filter((line) => line.includes('"fault"')).length).toBeLessThan(30)
  }, 20_000)

  test('that loops is ended with its process, and left out by the one started in its place until it changes', async () => {
    const looping = harmfulInTraffic('if ((picks += 1) > 3) for (;;);', 'let picks = 0')
    await using edge = await serving(looping, ['--supervised'])
    for (let request = 0; request < 3; request += 1) expect(await edge.ask()).toBe('here')
    const hanging = edge.ask().catch(() => 'cut')
    expect((await edge.event('strategy-hung'))['message']).toMatch(
      /^web: strategy \S*mine\.ts has not returned from pick for 5 s \(\S+\/mine\.ts, version [\da-f]{16}\): the process ends/,
    )
    expect(await hanging).toBe('cut')
    expect((await edge.event('restarting'))['ending']).toBe('was ended by SIGKILL')
    expect((await edge.event('strategy-reverted'))['detail']).toMatch(
      /^expected-delay stands in: \S+mine\.ts: version [\da-f]{16} did not return from pick on \S+; it is tried again once it changes$/,
    )
    await edge.event('ready')
    expect(await edge.ask()).toBe('here')
    const status = (await (await fetch(`${edge.adminUrl}/api/status`)).json()) as StatusSnapshot
    expect(status.pools[0]?.strategyVersion).toMatchObject({ name: 'expected-delay', reverted: true })
    await edge.files.write('mine.ts', looping.replace('for (;;)', ''))
    expect((await edge.event('strategy-swapped'))['detail']).toMatch(/^version [\da-f]{16} is live$/)
  }, 30_000)
})
