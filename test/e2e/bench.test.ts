/** The benchmark as a user starts it, with little load: real processes on loopback. The figures are nobody's business here. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bench, type BenchOptions } from '../../cli/commands/bench.ts'
import { processTree } from '../../bench/proc.ts'
import type { Results } from '../../bench/results.ts'
import { runBenchmark } from '../../bench/run.ts'
import { pipe } from '../../bench/peers/pipe.ts'
import type { Scenario } from '../../bench/scenario.ts'
import { fakeIo } from '../support/service-io.ts'

const brief: BenchOptions = { against: 'pipe', rounds: 1, seconds: 0.1, connections: 2, json: true }
const timeoutMs = 60_000

// A temporary directory of this test's own: a benchmark that somebody else runs is not its business.
const home = mkdtempSync(join(tmpdir(), 'smartedge-test-'))
const outerHome = process.env['TMPDIR']
beforeAll(() => {
  process.env['TMPDIR'] = home
})
afterAll(() => {
  if (outerHome === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = outerHome
  rmSync(home, { recursive: true })
})

describe('smartedge bench', () => {
  test(
    'measures SmartEdge beside a rival and leaves nothing behind',
    async () => {
      const io = fakeIo()
      const before = processTree(process.pid).length
      expect(await bench(io, ['connections', 'weights'], brief)).toBe(0)
      const results = JSON.parse(io.out()) as Results
      expect(results.complaints).toEqual([])
      expect(results.rows.map((row) => [row.variant, row.contestant, row.values.failed?.median])).toEqual([
        ['headers-13', 'smartedge', 0],
        ['headers-13', 'pipe', 0],
        ['1 : 2 : 3 : 4', 'smartedge', 0],
      ])
      expect(readdirSync(home)).toEqual([])
      expect(processTree(process.pid)).toHaveLength(before)
      expect(io.watchers()).toBe(0)
    },
    timeoutMs,
  )

  test(
    'saves files under load without losing a request',
    async () => {
      const io = fakeIo()
      // A thousand requests a second on two connections would wait for each other where the machine has other work.
      expect(await bench(io, ['reload'], { ...brief, seconds: 1, connections: 64 })).toBe(0)
      const [quiet, saved] = (JSON.parse(io.out()) as Results).rows
      expect([quiet?.variant, saved?.variant]).toEqual(['left alone', 'saved every 100 ms'])
      expect(saved?.values.saves?.median).toBeGreaterThan(2)
      expect([quiet?.values.failed?.median, saved?.values.failed?.median]).toEqual([0, 0])
      expect(readdirSync(home)).toEqual([])
    },
    timeoutMs,
  )

  test(
    'kills backends under load and has them back',
    async () => {
      const io = fakeIo()
      const before = processTree(process.pid).length
      expect(await bench(io, ['kills'], brief)).toBe(0)
      const { rows, complaints } = JSON.parse(io.out()) as Results
      expect(complaints).toEqual([])
      expect(rows.map((row) => row.contestant)).toEqual(['smartedge'])
      expect(rows[0]?.values.kills?.median).toBeGreaterThan(0)
      expect(processTree(process.pid)).toHaveLength(before)
    },
    timeoutMs,
  )

  test('refuses an address that is not this machine before it starts anything', async () => {
    const io = fakeIo()
    expect(await bench(io, [], { target: 'http://192.0.2.1/' })).toBe(2)
    expect(io.err()).toBe(
      'smartedge: 192.0.2.1 is not this machine; if it is yours to put under load, add --i-own-this-target\n',
    )
    expect(io.out()).toBe('')
  })

  test(
    'fails when nobody answers at the target',
    async () => {
      const io = fakeIo()
      const { against: _, ...options } = brief
      expect(await bench(io, [], { ...options, target: 'http://127.0.0.1:1/' })).toBe(1)
      expect(io.err()).toMatch(/^target: 127\.0\.0\.1:1 gave no good answer: \d+ connect\n$/)
      expect((JSON.parse(io.out()) as Results).rows).toEqual([])
    },
    timeoutMs,
  )

  test(
    'sends a target no more than the rate that was named',
    async () => {
      let requests = 0
      const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(`${(requests += 1)}`) })
      const io = fakeIo()
      const { against: _, ...options } = brief
      const wishes = { ...options, rounds: 1, seconds: 0.5, target: `http://127.0.0.1:${server.port}/`, rate: 40 }
      expect(await bench(io, [], wishes)).toBe(0)
      expect((JSON.parse(io.out()) as Results).rows.map((row) => row.variant)).toEqual(['fixed rate'])
      expect(requests).toBeGreaterThan(0)
      expect(requests).toBeLessThanOrEqual(20)
      await server.stop(true)
    },
    timeoutMs,
  )

  test('refuses a scenario that nobody has', async () => {
    const io = fakeIo()
    expect(await bench(io, ['nonsense'], brief)).toBe(2)
    expect(io.err()).toContain("no scenario 'nonsense'")
  })

  test.each(['starting pipe', 'connections, headers-13'])(
    'prints what it has when a signal ends it at "%s", and exits as the signal says',
    async (moment) => {
      const io = fakeIo({ stderrIsTty: true })
      const before = processTree(process.pid).length
      const running = bench(io, ['connections'], { ...brief, seconds: 600 })
      await io.written(moment)
      io.signal('SIGINT')
      expect(await running).toBe(130)
      expect((JSON.parse(io.out()) as Results).interrupted).toBe(true)
      expect(io.err()).toEndWith('Ended early: not all was measured.\n')
      expect(processTree(process.pid)).toHaveLength(before)
    },
    timeoutMs,
  )
})

describe('a contestant that does not start', () => {
  test(
    'is complained about with its own log, while the others run',
    async () => {
      const complaints: string[] = []
      const broken = {
        ...pipe,
        name: 'broken',
        launch: () => ({ command: ['sh', '-c', 'echo no such luck; exit 3'], files: {} }),
      }
      const { connections } = await import('../../bench/scenarios/full-speed.ts')
      const faulty: Scenario = { ...connections, name: 'faulty', run: () => Promise.reject(new Error('by design')) }
      const results = await runBenchmark({
        command: 'test',
        scenarios: [faulty, connections],
        peers: [broken, pipe],
        rounds: 1,
        secondsPerRound: 0.1,
        connections: 2,
        date: '2026-01-01T00:00:00Z',
        progress: () => undefined,
        complain: (text) => void complaints.push(text),
        signal: new AbortController().signal,
      })
      expect(complaints).toEqual(['faulty: by design', 'broken ended before it listened; its log:\n    no such luck'])
      expect(results.complaints).toEqual(complaints)
      expect(results.rows.map((row) => row.contestant)).toEqual(['pipe'])
    },
    timeoutMs,
  )
})
