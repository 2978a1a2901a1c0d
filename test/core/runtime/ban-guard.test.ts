import { describe, expect, test } from 'bun:test'
import type { Admission } from '../../../core/admission/admission.ts'
import type { BanPolicy } from '../../../core/limits/ban.ts'
import { edgeLedger } from '../../../core/observe/counters.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { BanGuard } from '../../../core/runtime/ban-guard.ts'
import { askRule } from '../../support/asking.ts'
import { testConfig } from '../../support/edge.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const refusing: Admission = {
  admit: () => ({ kind: 'refused', problem: { status: 403, detail: 'no' }, reason: 'address' }),
}
const policy: BanPolicy = { after: 2, withinMs: 1000, forMs: 5000 }

async function guarding(ban: BanPolicy | undefined) {
  const clock = virtualClock()
  const counters = edgeLedger.create()
  const events: EdgeEvent[] = []
  const guard = new BanGuard({
    clock,
    counters,
    emit: (event) => void events.push(event),
    isTrusted: (address) => address === '2001:db8::ffff',
  })
  const take = async (next: BanPolicy | undefined) => (await guard.prepare(testConfig({ ban: next }))).commit()
  await take(ban)
  const refuse = (from: string) => void askRule(guard.around(refusing), { from, now: clock.now() })
  return { guard, take, refuse, clock, counters, events }
}

describe('a ban guard', () => {
  test('keeps whoever was refused too often out, for a while, and tells of it', async () => {
    const { guard, refuse, clock, counters, events } = await guarding(policy)
    refuse('192.0.2.1')
    expect(guard.keepsOut('192.0.2.1')).toBe(false)
    refuse('192.0.2.1')
    expect([guard.keepsOut('192.0.2.1'), guard.keepsOut('192.0.2.2')]).toEqual([true, false])
    expect(events).toEqual([{ kind: 'client-banned', address: '192.0.2.1', forMs: 5000 }])
    expect([counters.bans, counters.connectionsBanned]).toEqual([1, 1])
    clock.advance(5000)
    expect(guard.keepsOut('192.0.2.1')).toBe(false)
  })

  test('tells of it in whole milliseconds, whatever the clock says', async () => {
    const { refuse, clock, events } = await guarding(policy)
    clock.advance(3500.2)
    refuse('192.0.2.1')
    refuse('192.0.2.1')
    expect(events).toEqual([{ kind: 'client-banned', address: '192.0.2.1', forMs: 5000 }])
  })

  test('keeps no trusted proxy out, whatever its neighbours did', async () => {
    const { guard, refuse, counters } = await guarding(policy)
    refuse('2001:db8::1')
    refuse('2001:db8::2')
    expect([guard.keepsOut('2001:db8::3'), guard.keepsOut('2001:db8::ffff')]).toEqual([true, false])
    expect(counters.connectionsBanned).toBe(1)
  })

  test('without a policy leaves the rules of routes alone, and lets everybody back in', async () => {
    const { guard, take, refuse } = await guarding(policy)
    refuse('192.0.2.1')
    refuse('192.0.2.1')
    await take(undefined)
    expect([guard.keepsOut('192.0.2.1'), guard.around(refusing)]).toEqual([false, refusing])
  })

  test('tells who is kept out, and lets back in whom it is told to', async () => {
    const { guard, refuse, clock, events } = await guarding(policy)
    for (const from of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2']) refuse(from)
    clock.advance(1000)
    const until = new Date(clock.wallTime() + 4000).toISOString()
    expect(guard.list(1)).toEqual({ total: 2, bans: [{ address: '192.0.2.1', until }] })
    expect([guard.lift('192.0.2.1', 'cli from ::1'), guard.lift('192.0.2.3', 'cli from ::1')]).toEqual([
      '192.0.2.1',
      undefined,
    ])
    expect([guard.keepsOut('192.0.2.1'), guard.keepsOut('192.0.2.2'), guard.list(9).total]).toEqual([false, true, 1])
    expect(events.at(-1)).toEqual({
      kind: 'audit',
      what: 'let 192.0.2.1 back in',
      from: 'cli from ::1',
      outcome: 'done',
    })
  })

  test('remembers over reloads', async () => {
    const { guard, take, refuse } = await guarding(policy)
    refuse('192.0.2.1')
    await take({ ...policy, forMs: 1000 })
    refuse('192.0.2.1')
    expect(guard.keepsOut('192.0.2.1')).toBe(true)
  })
})
