import { describe, expect, test } from 'bun:test'
import { formatStatus } from '../../../cli/text/status-table.ts'
import { buildSnapshot, type StatusSnapshot } from '../../../core/report/snapshot.ts'
import {
  downStanding,
  fakeBackend,
  fakeEdge,
  fakeFleet,
  fakePool,
  fakeProcess,
  fakeStanding,
  heldStanding,
} from '../../support/edge-view.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { reloadLedger } from '../../../core/observe/counters.ts'

const clock = virtualClock()
clock.advance(192_000)
const plain = { color: false, width: undefined, ellipsis: '…', previous: undefined }

function busy(): StatusSnapshot {
  const lastCheck = { at: clock.wallTime() - 2000, passed: true, elapsedMs: 1, detail: '200 OK' }
  const since = clock.now() - 12_000
  const counters = { ...fakeBackend().counters, requests: 4021, failures: 3, responses2xx: 9, responses5xx: 7 }
  const backends = [
    fakeBackend({ lastCheck, counters }),
    fakeBackend({ id: '[::1]:8082', standing: downStanding('connection refused', { since }) }),
    fakeBackend({ id: 'c:1', standing: fakeStanding({ state: 'unchecked', health: 'unchecked' }) }),
  ]
  return buildSnapshot(fakeEdge(backends), fakeProcess, clock)
}
const latency = { count: 1, meanMs: 1, p50Ms: 0.4, p95Ms: 12, p99Ms: 1200, p999Ms: 1200, maxMs: 1200 }

describe('status table', () => {
  test('says which generation is in force, and how the last reload failed', () => {
    const generation = { number: 3, at: '2026-01-01T00:01:02.345Z', origin: 'watch', summary: 'pools.web: +1 backend' }
    const reloads = reloadLedger.create()
    const lastReload = (...problems: string[]) => ({ at: generation.at, ok: false, origin: 'watch', problems })
    const shown = (reload: StatusSnapshot['reload']) => formatStatus({ ...busy(), reload }, plain).split('\n')
    expect(shown({ generation, reloads, lastReload: null })[3]).toBe(
      'generation 3 since 2026-01-01 00:01:02 UTC · watch: pools.web: +1 backend',
    )
    expect(shown({ generation, reloads, lastReload: lastReload('a.json:1:2: x', 'b') })[4]).toBe(
      'the last reload failed: a.json:1:2: x (and 1 more)',
    )
    expect(shown({ generation, reloads, lastReload: { ...lastReload('\u001B[2Jx'), ok: true } })[4]).toBe('')
    expect(shown({ generation, reloads, lastReload: lastReload('\u001B[2Jx') }).join('')).not.toContain('\u001B')
  })

  test('says how the source of a fleet is followed', () => {
    const shown = (facts: Parameters<typeof fakeFleet>[0]) =>
      formatStatus({ ...busy(), fleet: fakeFleet(facts) }, plain)
        .split('\n')
        .slice(3, 5)
    expect(shown({})).toEqual(['node web-1 of etcd://a/edge: generation 7', ''])
    expect(shown({ state: 'waiting', generation: 6, offered: { generation: 7, percent: 10 } })[0]).toBe(
      'node web-1 of etcd://a/edge: generation 6 · generation 7 is for 10 % of the nodes, of which this is none',
    )
    expect(shown({ state: 'refused', generation: null, reason: 'x:1:1: \u001B[2Jno' })).toEqual([
      'node web-1 of etcd://a/edge: a config without a generation',
      'refused: x:1:1:  [2Jno',
    ])
    const away = { since: '2026-01-01T00:01:02.345Z', reason: 'has no key edge' }
    expect(shown({ presence: 'away', away })[1]).toBe(
      'the source is away since 2026-01-01 00:01:02 UTC: has no key edge',
    )
  })

  test('shows what an operator looks for', () => {
    const snapshot = busy()
    const [first, ...others] = snapshot.pools[0]!.backends
    const pools = [{ ...snapshot.pools[0]!, backends: [{ ...first!, latency }, ...others] }]
    expect(formatStatus({ ...snapshot, pools }, plain)).toBe(`\
SmartEdge 1.2.3 · serving for 3m 12s · pid 42 · 47.7 MiB
web on 127.0.0.1:8080
0 requests · 0 connections open · 0 answered 5xx · 0 retries

web · p2c · 2 of 3 up
  backend      state        weight  in flight  requests  failed  5xx      p50      p95     p99  last check
  10.0.0.1:80  ● healthy         1          0     4,021       3    7  0.40 ms  12.0 ms  1.20 s  200 OK, 2s ago
  [::1]:8082   ✖ unhealthy       1          0         0       0    0        -        -       -  connection refused, since 12s
  c:1          ○ unchecked       1          0         0       0    0        -        -       -  -
`)
  })

  test('says how many requests came to the backend of their session', () => {
    const snapshot = busy()
    const shown = (sessions: number | null): string | undefined => {
      const sticky = { hits: 12_000, misses: 3, moved: 1, sessions }
      return formatStatus({ ...snapshot, pools: [{ ...snapshot.pools[0]!, sticky }] }, plain).split('\n')[5]
    }
    expect(shown(null)).toBe('      sticky: 12,000 kept, 3 new, 1 moved')
    expect(shown(9)).toBe('      sticky: 12,000 kept, 3 new, 1 moved; 9 sessions remembered')
    expect(formatStatus(snapshot, plain)).not.toContain('sticky')
  })

  test('says who is held out for how long yet, who starts slowly, who is spare, and what a pool makes of it', () => {
    const now = clock.now()
    const open = heldStanding({
      by: 'breaker',
      why: 'breaker open: bad',
      state: 'unhealthy',
      since: now - 4000,
      until: now + 2000,
    })
    const ramp = { since: now, until: now + 9000, cause: 'it is new' }
    const backends = [
      fakeBackend({ standing: open, use: 'overruled' }),
      fakeBackend({ id: 'b:1', standing: fakeStanding({ ramp }), configuredWeight: 2, weight: 0.428_57 }),
      fakeBackend({ id: 'c:1', use: 'spare', tier: 1 }),
    ]
    const degraded = { cause: 'restraint', detail: 'a is used though held out' } as const
    const edge = fakeEdge([], { pools: [fakePool(backends, { degraded })] })
    const [title, note, , ...lines] = formatStatus(buildSnapshot(edge, fakeProcess, clock), plain)
      .split('\n')
      .slice(4)
    expect([title, note]).toEqual(['web · p2c · 2 of 3 up', '      a is used though held out'])
    expect(lines[0]).toEndWith('breaker open: bad, since 4s, 2s left; used all the same')
    expect(lines[1]).toMatch(/ 0\.429 of 2 .*starts slowly as it is new, 9s left$/)
    expect(lines[2]).toContain('○ spare')
  })

  test.each([
    ['canary', false, 0, true],
    ['canary', false, 7_200_000, true],
    ['failed', true, 3_600_000, true],
    ['failed', true, 3_600_001, false],
  ] as const)('tells of a deploy that is %s (over: %p) since %d ms: %p', (phase, over, ago, isTold) => {
    const since = new Date(clock.wallTime() - ago).toISOString()
    const counters = { done: 0, failed: 0, 'rolled-back': 0, aborted: 0 }
    const deploy = { id: 3, phase, over, since, detail: 'why', progress: 'how far', counters }
    const edge = fakeEdge([], { pools: [fakePool([fakeBackend()], { deploy })] })
    const shown = formatStatus(buildSnapshot(edge, fakeProcess, clock), plain)
    expect(shown.includes(`      deploy 3: ${phase}: why`)).toBe(isTold)
  })

  test('says what is asked in place of a strategy that failed', () => {
    const strategyFacts = {
      name: 'p2c',
      file: '/plugins/p2c.ts',
      version: 'ab12',
      faults: 10,
      swaps: 1,
      lastFault: 'pick threw',
      nsPerPick: undefined,
      loadedAt: 0,
    }
    const shown = (revertedBecause: string | undefined): string => {
      const facts = { ...strategyFacts, revertedBecause }
      const pool = fakePool([fakeBackend()], { strategy: './mine.ts', strategyFacts: facts })
      return formatStatus(buildSnapshot(fakeEdge([], { pools: [pool] }), fakeProcess, clock), plain)
    }
    expect(shown('version \u001Bcd34 had 10 faults')).toContain(
      'web · ./mine.ts · 1 of 1 up\n      p2c, version ab12, is asked instead: version  cd34 had 10 faults\n  backend',
    )
    expect(shown(undefined)).not.toContain('instead')
  })

  test('tells of bounds and of those who wait, where there are any', () => {
    const counters = { queued: 1200, queueTimeouts: 30, turnedAway: 4, waiting: 7 }
    const pool = fakePool([fakeBackend({ inflight: 3, maxInflight: 10 })], { inflight: 3, maxInflight: 20, counters })
    const shown = formatStatus(buildSnapshot(fakeEdge([], { pools: [pool] }), fakeProcess, clock), plain)
    expect(shown).toContain(
      'web · p2c · 1 of 1 up · 3/20 in flight · 7 waiting, 30 of 1,200 timed out · 4 turned away\n',
    )
    expect(shown).toMatch(/10\.0\.0\.1:80 .* 3\/10 /)
  })

  test('says by which rules requests were refused, where any were', () => {
    const snapshot = buildSnapshot(fakeEdge([]), fakeProcess, clock)
    expect(formatStatus(snapshot, plain)).not.toContain('refused by rules')
    const refused = { ...snapshot.counters.refused, rate: 1200, 'forward-auth': 3 }
    const shown = formatStatus({ ...snapshot, counters: { ...snapshot.counters, refused } }, plain)
    expect(shown).toContain('\n1,203 refused by rules: rate 1,200 · forward-auth 3\n')
  })

  test('names those who wait for a certificate, the first ten, once', () => {
    const snapshot = buildSnapshot(fakeEdge([]), fakeProcess, clock)
    const shown = (missing: readonly string[]) => {
      const listener = {
        name: 'web',
        address: '[::]:443',
        engine: 'own',
        http3: false,
        certificates: [],
        missing,
      } as const
      return formatStatus({ ...snapshot, listeners: [listener, { ...listener, name: 'other' }] }, plain)
    }
    expect(shown(['a.test', 'b\u001b.test'])).toMatch(/\nno certificate yet for a\.test, b.*\.test\n/)
    expect(shown(['a.test', 'b\u001b.test'])).not.toContain('\u001b')
    const many = Array.from({ length: 12 }, (_, index) => `n${index}.test`)
    expect(shown(many)).toContain('n8.test, n9.test · and 2 more\n')
    expect(shown([])).not.toContain('no certificate')
  })

  test('says so while requests are refused since it is overloaded', () => {
    const snapshot = buildSnapshot(fakeEdge([]), fakeProcess, clock)
    const counters = { ...snapshot.counters, shed: 1200 }
    const shown = (shedding: boolean) =>
      formatStatus({ ...snapshot, counters, overload: { shedding, lagMs: 1 } }, plain)
    expect(shown(true)).toContain('\noverloaded · 1,200 refused for it\n')
    expect(shown(false)).not.toContain('overloaded')
  })

  test('does not count a draining backend as up', () => {
    const drained = downStanding('told to drain', { by: 'operator', state: 'draining', since: clock.now() - 5000 })
    const snapshot = buildSnapshot(
      fakeEdge([fakeBackend(), fakeBackend({ id: 'b:1', standing: drained })]),
      fakeProcess,
      clock,
    )
    const shown = formatStatus(snapshot, plain)
    expect(shown).toContain('web · p2c · 1 of 2 up')
    expect(shown).toContain('b:1          ◐ draining')
    expect(shown).toContain('told to drain, since 5s; unhealthy')
  })

  test('adds colours without moving a column', () => {
    const colored = formatStatus(busy(), { ...plain, color: true })
    expect(colored).toContain('\u001B[31m✖ unhealthy\u001B[39m')
    expect(Bun.stripANSI(colored)).toBe(formatStatus(busy(), plain))
  })

  test('gives requests a second between two snapshots', () => {
    const snapshot = busy()
    const counters = { ...snapshot.counters, requests: 3000 }
    const later = { ...snapshot, uptimeMs: snapshot.uptimeMs + 2000, counters }
    expect(formatStatus(later, { ...plain, previous: snapshot })).toContain('3,000 requests · 1,500/s')
    expect(formatStatus(snapshot, { ...plain, previous: snapshot })).not.toContain('/s')
  })

  test('gives no rate across a restart', () => {
    const snapshot = busy()
    const restarted = { ...snapshot, pid: 43, uptimeMs: snapshot.uptimeMs + 1 }
    expect(formatStatus(restarted, { ...plain, previous: snapshot })).not.toContain('/s')
  })

  test('shows pools without backends, and no pools', () => {
    const empty = buildSnapshot(fakeEdge([]), fakeProcess, clock)
    expect(formatStatus(empty, plain)).toContain('web · p2c · 0 of 0 up\n')
    expect(formatStatus({ ...empty, pools: [] }, plain)).toEndWith('retries\n')
  })

  test('lets nothing from the wire reach the terminal', () => {
    const snapshot = buildSnapshot(fakeEdge([fakeBackend({ id: 'a\u001B]0;x\u0007\n:80' })]), fakeProcess, clock)
    const text = formatStatus(snapshot, plain)
    for (const character of ['\u001B', '\u0007']) expect(text).not.toContain(character)
    expect(text).toContain('a ]0;x :80')
  })

  test('shows a state of a newer edge as it is called there', () => {
    const snapshot = busy()
    const [first] = snapshot.pools[0]!.backends
    const pools = [{ ...snapshot.pools[0]!, backends: [{ ...first!, state: 'novel' as never }] }]
    expect(formatStatus({ ...snapshot, pools }, plain)).toContain('? novel')
  })

  describe('on a terminal', () => {
    const longest = (text: string): number => Math.max(...text.split('\n').map((line) => Array.from(line).length))
    const generation = {
      number: 3,
      at: '2026-01-01T00:01:02.345Z',
      origin: 'watch',
      summary: 'pools.web: weight of localhost:8104 2 -> 8, +1 backend',
    }
    const problem = 'backends.json:7:49: backends[3].weight must be a number from 0.001 to 1000, got -8'
    const reloads = reloadLedger.create()
    const lastReload = { at: generation.at, ok: false, origin: 'watch', problems: [problem] }
    const long = 'ec2-203-0-113-25.compute-1.amazonaws.com:31105'

    function measured(): StatusSnapshot {
      const snapshot = busy()
      const [pool] = snapshot.pools
      const [first, ...others] = pool?.backends ?? []
      const backends = [{ ...first, id: long, latency }, ...others]
      return {
        ...snapshot,
        reload: { generation, reloads, lastReload },
        pools: [{ ...pool, backends }],
      } as StatusSnapshot
    }

    test.each([40, 60, 80, 100, 120])('of %d columns no line is longer', (width) => {
      expect(longest(formatStatus(measured(), { ...plain, width }))).toBeLessThanOrEqual(width)
    })

    test('of 80 columns keeps what matters, and each backend on a line', () => {
      expect(formatStatus(measured(), { ...plain, width: 80 })).toBe(`\
SmartEdge 1.2.3 · serving for 3m 12s · pid 42 · 47.7 MiB
web on 127.0.0.1:8080
0 requests · 0 connections open · 0 answered 5xx · 0 retries
generation 3 since 2026-01-01 00:01:02 UTC · watch: pools.web: weight of
  localhost:8104 2 -> 8, +1 backend
the last reload failed: backends.json:7:49: backends[3].weight must be a number
  from 0.001 to 1000, got -8

web · p2c · 2 of 3 up
  backend                   state        in flight  requests  failed     p99
  ec2-203-0-1…ws.com:31105  ● healthy            0     4,021       3  1.20 s
  [::1]:8082                ✖ unhealthy          0         0       0       -
      connection refused, since 12s
  c:1                       ○ unchecked          0         0       0       -
`)
    })

    test('shows what has room once something wide has gone', () => {
      const [header = ''] = formatStatus(busy(), { ...plain, width: 100 })
        .split('\n')
        .filter((line) => line.includes('in flight'))
      expect(header).toMatch(/^ {2}backend +state +weight +in flight +requests +failed +5xx +p50 +p95 +p99$/)
    })

    test('tells below its line why a backend is out, where there is no column for it', () => {
      const lines = formatStatus(busy(), { ...plain, width: 80 }).split('\n')
      const at = lines.findIndex((line) => line.includes('✖ unhealthy'))
      expect(lines[at + 1]).toBe('      connection refused, since 12s')
      expect(formatStatus(busy(), { ...plain, width: 120 })).toContain('connection refused, since 12s\n')
    })

    test('tells apart what differs at the end of its name', () => {
      const ids = [
        'backend-of-a-very-long-name.internal.example:31121',
        'backend-of-a-very-long-name.internal.example:31122',
      ]
      const snapshot = buildSnapshot(fakeEdge(ids.map((id) => fakeBackend({ id }))), fakeProcess, clock)
      const shown = formatStatus(snapshot, { ...plain, width: 80, ellipsis: '~' })
      for (const end of ['31121', '31122']) expect(shown).toMatch(new RegExp(`\\n  backend-\\S+~\\S+:${end} `))
    })
  })
})
