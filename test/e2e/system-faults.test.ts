/** A process under load whose system calls fail: what it may lose, and what it may not. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { askAll, type Tally } from '../support/ask-all.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'
import { startSteadyBackend, type SteadyBackend } from '../support/steady-load.ts'
import { inject, straceRefusal } from '../support/strace.ts'

interface Case {
  readonly injections: readonly string[]
  /** What clients may see beside 200; nothing: all is as without it. */
  readonly mayBe?: readonly string[]
}

/**
 * The calls are the kernel's: recv is recvfrom, send is sendto. `when=A+B`: the A-th call of a thread, and each B-th after it.
 * Each kind of failure once; test/core/net/epoll/faults.test.ts has the others.
 */
const cases: readonly Case[] = [
  { injections: ['recvfrom:error=EINTR:when=2+3', 'sendto:error=EINTR:when=2+3', 'epoll_wait:error=EINTR:when=2+3'] },
  { injections: ['sendto:error=EAGAIN:when=3+5'] },
  { injections: ['accept4:error=ECONNABORTED:when=1+2'] },
  { injections: ['connect:error=ECONNREFUSED:when=1+3'], mayBe: ['502'] },
  { injections: ['recvfrom:error=ECONNRESET:when=20+31'], mayBe: ['502', 'lost'] },
  { injections: ['recvfrom:error=ENOMEM:when=20+31'], mayBe: ['502', 'lost'] },
  { injections: ['sendto:error=EPIPE:when=20+31'], mayBe: ['502', 'lost'] },
  { injections: ['sendto:error=ENOBUFS:when=20+31'], mayBe: ['502', 'lost'] },
  { injections: ['splice:error=EINTR:when=2+3'] },
  { injections: ['splice:error=ENOMEM:when=5+7'], mayBe: ['502', 'lost'] },
  { injections: ['pipe2:error=EMFILE'] },
  { injections: ['epoll_ctl:error=ENOMEM:when=5+7'], mayBe: ['502', '503', 'lost'] },
]

/** Of which each call fails for want of something: whoever is idle gives way, and when nobody is, that is told. */
const shortages: readonly (readonly [call: string, code: string])[] = [
  ['accept4', 'EMFILE'],
  ['accept4', 'ENOMEM'],
  ['socket', 'EMFILE'],
  ['socket', 'ENFILE'],
  ['connect', 'EADDRNOTAVAIL'],
]

if (straceRefusal !== undefined)
  test(`failing system calls are not tried, for ${straceRefusal}`, () => {
    expect(straceRefusal).toStartWith('strace')
  })
else describe('a process under load', suite)

function suite(): void {
  let backend: SteadyBackend
  let edge: RunningProcess
  let url: string
  beforeAll(() => {
    backend = startSteadyBackend()
  })
  afterAll(() => backend.stop())
  beforeEach(async () => {
    edge = await startProcess({
      env: { SMARTEDGE_TRANSPORT: '' },
      pool: { backends: [`http://127.0.0.1:${backend.port}`], passive: { failures: 1000 }, maxIdleConnections: 0 },
    })
    url = `http://127.0.0.1:${edge.port}`
    await edge.event('ready')
  })
  afterEach(() => edge[Symbol.asyncDispose]())

  /** What it counts as open or under way, clients without a request left out. */
  async function underWay(): Promise<number> {
    const text = await (await fetch(`${edge.adminUrl}/metrics`)).text()
    const values = [...text.matchAll(/^smartedge_(?:backend_inflight|tunnels)(?:{[^}]*})? (\d+)$/gm)]
    return values.reduce((sum, [, value]) => sum + Number(value), 0)
  }

  const unexpected = (tally: Tally, mayBe: readonly string[]): string[] =>
    Object.keys(tally).filter((word) => word !== '200' && !mayBe.includes(word))

  /** Nothing of it was a fault of ours, all are served, and nothing is left behind: it ends with nobody to wait for. */
  async function expectSound(): Promise<void> {
    expect(edge.lines().filter((line) => line.includes('"event":"fault"'))).toEqual([])
    expect(await askAll(url, 4)).toEqual({ '200': 32 })
    expect(await underWay()).toBe(0)
    edge.child.kill('SIGTERM')
    expect(await edge.event('stopped')).toMatchObject({ cut: 0 })
    expect(await edge.child.exited).toBe(0)
  }

  test.each(cases.map((one) => [one.injections.join(' and '), one] as const))(
    'serves on under %s',
    async (_name, { injections, mayBe = [] }) => {
      const injected = await inject(edge.child.pid, injections)
      const tally = await askAll(url, 8)
      expect(await injected.end()).toBeGreaterThan(0)
      expect([unexpected(tally, mayBe), (tally['200'] ?? 0) > 0]).toEqual([[], true])
      await expectSound()
    },
    30_000,
  )

  test.each(shortages)(
    'serves on when each %s has failed with %s, and says so',
    async (call, code) => {
      const isTold = (): boolean => edge.lines().some((line) => line.includes('"shortage"') && line.includes(code))
      const injected = await inject(edge.child.pid, [`${call}:error=${code}`])
      const asking = askAll(url, 4)
      while (!isTold()) await edge.event('shortage')
      expect(await injected.end()).toBeGreaterThan(0)
      // A call that is under way as strace lets go comes to ENOSYS, which is no shortage.
      expect(unexpected(await asking, ['502', '503', 'lost'])).toEqual([])
      await expectSound()
    },
    30_000,
  )
}
