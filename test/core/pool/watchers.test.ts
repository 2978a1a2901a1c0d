import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { beginAttempt } from '../../../core/balance/attempt.ts'
import type { HealthPolicy } from '../../../core/health/policy.ts'
import { type WatchPolicy, Watchers } from '../../../core/pool/watchers.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { scriptedProbe } from '../../support/scripted-probe.ts'
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
const checked: WatchPolicy = { health, passive }
const unchecked: WatchPolicy = { health: undefined, passive }
const refused = { kind: 'failed', cause: 'connect', elapsedMs: 1 } as const

/** Two backends on virtual time, watched from 100 ms on, and reckoned up after each change as a pool does. */
function watching(first: WatchPolicy) {
  const clock = virtualClock()
  const backends = [makeBackend(1), makeBackend(2)] as [Backend, Backend]
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
      backend.reckon(watchers.rule, clock.now())
      told.push(`${backend.id.slice(-1)} ${backend.standing.state}: ${detail}`)
    },
  })
  const update = (policy: WatchPolicy) => {
    watchers.update(policy, clock.now())
    for (const backend of backends) backend.reckon(watchers.rule, clock.now())
    clock.advance(0)
  }
  const refuse = (backend: Backend) => {
    beginAttempt(backend, watchers.observers, clock.now()).end(refused, clock.now())
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
    update({ health, passive: { failures: 9, retryAfterMs: 50 } })
    expect([states(), backends[0].standing]).toMatchObject([['unhealthy', 'unhealthy'], { by: 'checks', since }])
    expect(underWay()).toEqual([])
  })

  test('leave out who traffic holds out when only checks change', () => {
    const { answer, backends, clock, refuse, states, update } = watching(checked)
    const [one] = backends
    for (const backend of backends) answer(backend, true)
    refuse(one)
    refuse(one)
    update({ health: { ...health, rise: 1 }, passive })
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
    expect([states(), told.at(-1)]).toEqual([['unchecked', 'unchecked'], '1 unchecked: tried again after a pause'])
  })

  test('let those serve on who served before checks began', () => {
    const { answer, backends, states, update, clock } = watching(unchecked)
    clock.advance(100)
    const strict = { health: { ...health, initially: 'unchecked' } as const, passive }
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
    const { backends, update } = watching({ health: { ...health, initially: 'unchecked' }, passive })
    for (const backend of backends) backend.facts.checks = { kind: 'unchecked', since: 100 }
    update({ health: { ...health, initially: 'unchecked', interval: 1 } as never, passive })
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
})
