import { describe, expect, test } from 'bun:test'
import { createLife } from '../../../core/runtime/life.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function startLife(clients: number) {
  const clock = virtualClock()
  const state = { clients, isOver: false }
  const life = createLife(clock, () => state.clients === 0)
  life.begin()
  const end = async (withinMs: number): Promise<void> => {
    await life.end(withinMs)
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
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the life of an edge', () => {
  test('starts, serves and drains', () => {
    const clock = virtualClock()
    const life = createLife(clock, () => true)
    expect(life.phase).toBe('starting')
    life.begin()
    expect(life.phase).toBe('serving')
    void life.end(1000)
    expect(life.phase).toBe('draining')
  })

  test('ends at once when nobody is connected', async () => {
    const { end, state } = startLife(0)
    await end(1000)
    expect(state.isOver).toBe(true)
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
