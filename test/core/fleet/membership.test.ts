/** A node's entry, on the virtual clock, with a store that does as the test says. */
import { describe, expect, test } from 'bun:test'
import { Membership } from '../../../core/fleet/membership.ts'
import type { LeaseCalls } from '../../../core/fleet/store.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const away = { kind: 'fault', reason: 'cannot be asked' } as const

function listed() {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const calls: string[] = []
  let granted: Promise<void> | undefined
  const state = { isAway: false, isTaken: false, hasEnded: false, leases: 0, record: 'one' }
  const lease: LeaseCalls = {
    async grant() {
      calls.push('grant')
      await granted
      if (state.isAway) return away
      state.hasEnded = false
      return { kind: 'granted', id: String((state.leases += 1)) }
    },
    async renew(id) {
      calls.push(`renew ${id}`)
      if (state.isAway) return away
      return { kind: state.hasEnded ? 'ended' : 'renewed' }
    },
    async put(id, node, text) {
      calls.push(`put ${id} ${node} ${text}`)
      if (state.isAway) return away
      return { kind: state.isTaken ? 'taken' : 'put' }
    },
    async revoke(id) {
      calls.push(`revoke ${id}`)
    },
  }
  const emit = (event: EdgeEvent): void => void events.push(event)
  const membership = new Membership({ lease, source: 's', node: 'n', record: () => state.record, clock, emit })
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 30; turns++) await Promise.resolve()
  }
  return {
    state,
    events,
    membership,
    settle,
    /** Until it is let go, no lease is granted. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      granted = promise
      return resolve
    },
    /** And forgets them. */
    calls: () => calls.splice(0),
    async start() {
      membership.start()
      await settle()
    },
    async wait(ms: number) {
      clock.advance(ms)
      await settle()
    },
  }
}

describe('an entry', () => {
  test('stands with a lease, which is renewed every five seconds', async () => {
    const rig = listed()
    await rig.start()
    expect(rig.calls()).toEqual(['grant', 'put 1 n one'])
    await rig.wait(4999)
    expect(rig.calls()).toEqual([])
    await rig.wait(1)
    expect(rig.calls()).toEqual(['renew 1'])
  })

  test('is written again when it says something else', async () => {
    const rig = listed()
    await rig.start()
    rig.calls()
    rig.state.record = 'two'
    rig.membership.update()
    await rig.settle()
    expect(rig.calls()).toEqual(['renew 1', 'put 1 n two'])
    await rig.wait(5000)
    expect(rig.calls()).toEqual(['renew 1'])
  })

  test('whose lease has ended gets another', async () => {
    const rig = listed()
    await rig.start()
    rig.calls()
    rig.state.hasEnded = true
    await rig.wait(5000)
    expect(rig.calls()).toEqual(['renew 1', 'grant', 'put 2 n one'])
  })

  test('that cannot be written is told after a while, and tried on', async () => {
    const rig = listed()
    rig.state.isAway = true
    await rig.start()
    await rig.wait(5000)
    await rig.wait(5000)
    expect(rig.events).toEqual([])
    await rig.wait(5000)
    await rig.wait(5000)
    expect(rig.events).toEqual([{ kind: 'node-unlisted', source: 's', node: 'n', reason: 'cannot be asked' }])
    rig.state.isAway = false
    await rig.wait(5000)
    await rig.wait(5000)
    expect(rig.events.slice(1)).toEqual([{ kind: 'node-listed', source: 's', node: 'n' }])
  })

  test('that another node has is told as that', async () => {
    const rig = listed()
    rig.state.isTaken = true
    await rig.start()
    for (let times = 0; times < 3; times++) await rig.wait(5000)
    expect(rig.events).toMatchObject([{ kind: 'node-unlisted', reason: expect.stringContaining('SMARTEDGE_NODE') }])
    rig.calls()
    rig.state.isTaken = false
    await rig.wait(5000)
    expect(rig.calls()).toEqual(['renew 1', 'put 1 n one'])
  })

  test('goes with its node, at once and once', async () => {
    const rig = listed()
    await rig.start()
    rig.calls()
    await rig.membership.leave()
    await rig.membership.leave()
    rig.membership.update()
    await rig.wait(60_000)
    expect(rig.calls()).toEqual(['revoke 1'])
  })

  test('of a node that ends while it is made goes too', async () => {
    const rig = listed()
    const letGo = rig.hold()
    await rig.start()
    const left = rig.membership.leave()
    letGo()
    await left
    await rig.wait(60_000)
    expect(rig.calls()).toEqual(['grant', 'put 1 n one', 'revoke 1'])
  })
})
