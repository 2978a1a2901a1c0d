import { describe, expect, test } from 'bun:test'
import { createLife } from '../../../core/runtime/life.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { turn } from '../../support/raw-peer.ts'

function startLife(clients: number, delayMs = 0) {
  const clock = virtualClock()
  const state = { clients, isOver: false, isShut: false }
  const life = createLife(clock, () => state.clients === 0)
  life.begin()
  const end = async (withinMs: number): Promise<void> => {
    await life.end({ delayMs, withinMs, shut: (done) => ((state.isShut = true), done()) })
    state.isOver = true
  }
  const leave = async (): Promise<void> => {
    state.clients -= 1
    life.clientGone()
    await settled()
  }
  return { clock, life, state, end, leave }
}

/** Whatever was resolved has been heard of. */
const settled = (): Promise<void> => turn()

describe('the life of an edge', () => {
  test('starts, serves and drains', () => {
    const clock = virtualClock()
    const life = createLife(clock, () => true)
    expect(life.phase).toBe('starting')
    life.begin()
    expect(life.phase).toBe('serving')
    void life.end({ delayMs: 10, withinMs: 1000, shut: () => undefined })
    expect(life.phase).toBe('draining')
  })

  test('ends at once when nobody is connected', async () => {
    const { end, state } = startLife(0)
    await end(1000)
    expect(state.isOver).toBe(true)
  })

  test('lets clients come for the delay, and does not end before', async () => {
    const { clock, end, leave, state } = startLife(1, 100)
    void end(1000)
    await leave()
    clock.advance(99)
    await settled()
    expect([state.isShut, state.isOver]).toEqual([false, false])
    state.clients = 1
    clock.advance(1)
    await settled()
    expect([state.isShut, state.isOver]).toEqual([true, false])
    await leave()
    expect(state.isOver).toBe(true)
  })

  test('lets clients come no longer than it has time in all', async () => {
    const { clock, end, state } = startLife(1, 5000)
    void end(1000)
    clock.advance(1000)
    await settled()
    expect([state.isShut, state.isOver]).toEqual([true, true])
  })

  test('ends with its last client', async () => {
    const { end, leave, state } = startLife(2)
    void end(1000)
    await leave()
    expect(state.isOver).toBe(false)
    await leave()
    expect(state.isOver).toBe(true)
  })

  test('ends when the time is up, whoever is left', async () => {
    const { clock, end, state } = startLife(1)
    void end(1000)
    clock.advance(999)
    await settled()
    expect(state.isOver).toBe(false)
    clock.advance(1)
    await settled()
    expect(state.isOver).toBe(true)
  })

  test('goes on when clients leave before it drains', async () => {
    const { end, leave, state } = startLife(1)
    await leave()
    state.clients = 1
    void end(1000)
    await settled()
    expect(state.isOver).toBe(false)
  })
})
