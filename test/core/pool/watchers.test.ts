import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { beginAttempt } from '../../../core/balance/attempt.ts'
import type { HealthPolicy } from '../../../core/health/policy.ts'
import { type WatchPolicy, Watchers } from '../../../core/pool/watchers.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { poolOfAttempts } from '../../support/pool-of-attempts.ts'
import { scriptedProbe } from '../../support/scripted-probe.ts'
import { touchyBreaker } from '../../support/policies.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const health: HealthPolicy = {
  check: { kind: 'tcp' },
  intervalMs: 5000,
  jitterRatio: 0,
  timeoutMs: 100,
  rise: 2,
  fall: 2,
  initially: 'usable',
  maxConcurrent: 100,
}
const passive = { failures: 2, retryAfterMs: 1000 }
const others = { breaker: undefined, ejection: undefined, slowStart: undefined }
const checked: WatchPolicy = { ...others, health, passive }
const unchecked: WatchPolicy = { ...others, health: undefined, passive }
const refused = { kind: 'failed', cause: 'connect', elapsedMs: 1 } as const

/** Two backends on virtual time, watched from 100 ms on, and reckoned up after each change as a pool does. */
function watching(first: WatchPolicy) {
  const clock = virtualClock()
  const backends = [makeBackend(1), makeBackend(2)] as [Backend, Backend, ...Backend[]]
  const scripted = scriptedProbe()
  const told: string[] = []
  clock.advance(100)
  const watchers = new Watchers({
    policy: first,
    backends: () => backends,
    probe: scripted.probe,
    clock,
    random: () => 0,
    onChange: (backend, detail) => {
      watchers.reckon(backend, clock.now())
      told.push(`${backend.id.slice(-1)} ${backend.standing.state}: ${detail}`)
    },
  })
  const update = (policy: WatchPolicy) => {
    watchers.update(policy, clock.now())
    for (const backend of backends) watchers.reckon(backend, clock.now())
    clock.advance(0)
  }
  const refuse = (backend: Backend) => {
    beginAttempt(backend, poolOfAttempts(watchers.observers), clock.now()).end(refused, clock.now())
  }
  const states = () => backends.map(({ standing }) => standing.state)
  update(first)
  return { ...scripted, backends, clock, refuse, states, told, update, watchers }
}

describe('Watchers', () => {
  test('check what traffic has taken out at once, then each second', () => {
    const { answer, backends, begun, clock, refuse, states } = watching(checked)
    const [one, two] = backends
    for (const backend of backends) answer(backend, true)
    refuse(one)
    expect(begun).toHaveLength(2)
    refuse(one)
    expect([states(), begun.slice(2)]).toEqual([['unhealthy', 'healthy'], [one.id]])
    answer(one, true)
    expect(states()).toEqual(['unhealthy', 'healthy'])
    clock.advance(1000)
    answer(one, true)
    expect([states(), two.standing.usable]).toEqual([['healthy', 'healthy'], true])
  })

  test('say why a member is back in the words of its check', () => {
    const { answer, backends, clock, refuse, told } = watching(checked)
    const [one] = backends
    answer(one, true)
    refuse(one)
    refuse(one)
    answer(one, true)
    clock.advance(1000)
    answer(one, true, '204')
    expect(told.slice(1)).toEqual(['1 unhealthy: 2 connect failures in a row', '1 unhealthy: 200 OK', '1 healthy: 204'])
  })

  test('leave out who checks hold out when only passive changes', () => {
    const { answer, backends, states, update, underWay } = watching(checked)
    for (const backend of backends) answer(backend, false, '503')
    const since = backends[0].standing.since
    update({ ...others, health, passive: { failures: 9, retryAfterMs: 50 } })
    expect([states(), backends[0].standing]).toMatchObject([['unhealthy', 'unhealthy'], { by: 'checks', since }])
    expect(underWay()).toEqual([])
  })

  test('leave out who traffic holds out when only checks change', () => {
    const { answer, backends, clock, refuse, states, update } = watching(checked)
    const [one] = backends
    for (const backend of backends) answer(backend, true)
    refuse(one)
    refuse(one)
    update({ ...others, health: { ...health, rise: 1 }, passive })
    expect(states()).toEqual(['unhealthy', 'healthy'])
    clock.advance(2)
    answer(one, true)
    expect(states()).toEqual(['healthy', 'healthy'])
  })

  test('hold out nobody for checks that nobody makes any more', () => {
    const { answer, backends, states, update, clock, underWay } = watching(checked)
    const [one, two] = backends
    answer(one, false)
    answer(two, true)
    expect(states()).toEqual(['unhealthy', 'healthy'])
    update(unchecked)
    expect([states(), one.standing.usable]).toEqual([['unchecked', 'unchecked'], true])
    clock.advance(100_000)
    expect(underWay()).toEqual([])
    expect(backends.map(({ lastCheck }) => lastCheck)).toEqual([undefined, undefined])
  })

  test('try again after a pause whom checks were to bring back', () => {
    const { answer, backends, clock, refuse, states, told, update } = watching(checked)
    const [one] = backends
    for (const backend of backends) answer(backend, true)
    refuse(one)
    refuse(one)
    answer(one, false)
    update(unchecked)
    expect(one.standing).toMatchObject({ by: 'traffic', until: 1100 })
    clock.advance(1000)
    expect([states(), told.at(-1)]).toEqual([
      ['unchecked', 'unchecked'],
      '1 unchecked: its pause is over, the next request tries it',
    ])
  })

  test('let those serve on who served before checks began', () => {
    const { answer, backends, states, update, clock } = watching(unchecked)
    clock.advance(100)
    const strict = { ...others, health: { ...health, initially: 'unchecked' } as const, passive }
    const added = makeBackend(3)
    backends.push(added)
    added.facts.checks = { kind: 'unchecked', since: clock.now() }
    update(strict)
    expect(backends.map(({ standing }) => standing.usable)).toEqual([true, true, false])
    clock.advance(3)
    answer(added, true)
    expect([states().at(-1), added.standing.usable]).toEqual(['healthy', true])
  })

  test('let everybody in at once when a config no longer asks to wait', () => {
    const { backends, update } = watching({ ...others, health: { ...health, initially: 'unchecked' }, passive })
    for (const backend of backends) backend.facts.checks = { kind: 'unchecked', since: 100 }
    update({ ...others, health: { ...health, initially: 'unchecked', interval: 1 } as never, passive })
    expect(backends[0].standing.why).toBe('waits for its first check')
    update(checked)
    expect(backends[0].standing.usable).toBe(true)
  })

  test('find nothing out once they are stopped, and begin again', () => {
    const { answer, backends, begun, clock, told, update, watchers } = watching(checked)
    const [one] = backends
    watchers.stop()
    clock.advance(100_000)
    expect([begun.length, told.length, clock.pending()]).toEqual([2, 0, 0])
    expect(watchers.recheck(one)).toBe(false)
    update(checked)
    answer(one, true)
    expect(one.standing.state).toBe('healthy')
  })

  const failures = { causes: ['connect'], statuses: [] } as const
  const breaker = { ...touchyBreaker, failures }
  const ejection: NonNullable<WatchPolicy['ejection']> = {
    failures,
    intervalMs: 1000,
    baseTimeMs: 5000,
    maxTimeMs: 5000,
    successRate: undefined,
    failureRatio: undefined,
    failuresInRow: 1,
    maxStatistical: 1,
  }
  const slowStart = { windowMs: 1000, curve: 1, floor: 0.5, graceMs: 100 }

  test('have nobody listen for what is off', () => {
    const { update, watchers } = watching(unchecked)
    expect(watchers.observers).toHaveLength(1)
    update({ ...unchecked, breaker, ejection, slowStart })
    expect(watchers.observers).toHaveLength(3)
    update(unchecked)
    expect(watchers.observers).toHaveLength(1)
  })

  test('hold out nobody for what nobody looks for any more', () => {
    const { backends, clock, refuse, update } = watching({ ...unchecked, breaker, ejection })
    refuse(backends[0])
    expect(backends[0].standing.holds.map(({ by }) => by)).toEqual(['ejection', 'breaker'])
    update({ ...unchecked, ejection })
    expect(backends[0].standing.holds.map(({ by }) => by)).toEqual(['ejection'])
    update(unchecked)
    expect(backends[0].standing).toMatchObject({ usable: true, holds: [] })
    update({ ...unchecked, breaker })
    clock.advance(60_000)
    expect(backends[0].standing.holds).toEqual([])
  })

  test('leave no timer behind once they are stopped', () => {
    const { clock, refuse, backends, watchers } = watching({ ...unchecked, breaker, ejection, slowStart })
    refuse(backends[0])
    expect(clock.pending()).toBeGreaterThan(0)
    watchers.stop()
    expect(clock.pending()).toBe(0)
  })

  test('have those start slowly who join or are back, and no others', () => {
    const { backends, clock, refuse, update } = watching({ ...unchecked, slowStart })
    const weights = () => backends.map(({ weight }) => weight)
    expect(weights()).toEqual([1, 1])
    clock.advance(100)
    refuse(backends[0])
    refuse(backends[0])
    backends.push(makeBackend(3))
    update({ ...unchecked, slowStart })
    expect(weights()).toEqual([1, 1, 0.5])
    clock.advance(999)
    expect([backends[0].standing.usable, weights()[2]]).toEqual([false, 0.95])
    clock.advance(1)
    expect(weights()).toEqual([0.5, 1, 1])
    expect(backends[0].standing.ramp).toMatchObject({ cause: 'it is back', until: clock.now() + 1000 })
    clock.advance(1000)
    expect(weights()).toEqual([1, 1, 1])
  })

  test('hear of a few who come and go without a look at the others', () => {
    const { backends, begun, clock, watchers } = watching({ ...checked, slowStart })
    const three = makeBackend(3)
    const ramp = (): string => three.facts.ramp.kind
    backends.push(three)
    clock.advance(1000)
    watchers.change([three], [], clock.now())
    clock.advance(10)
    expect([begun.filter((id) => id === three.id), ramp()]).toEqual([[three.id], 'ramping'])
    backends.pop()
    watchers.change([], [three], clock.now())
    clock.advance(60_000)
    expect(begun.filter((id) => id === three.id)).toHaveLength(1)
    three.facts.ramp = { kind: 'full', since: clock.now() }
    backends.push(three)
    watchers.change([three], [], clock.now())
    expect(ramp()).toBe('ramping')
  })

  test('give whoever was used in spite of it all of its share', () => {
    const { backends, clock, refuse } = watching({ ...unchecked, slowStart })
    clock.advance(100)
    refuse(backends[0])
    refuse(backends[0])
    backends[0].use = 'overruled'
    clock.advance(1000)
    expect([backends[0].standing.usable, backends[0].weight]).toEqual([true, 1])
  })
})
