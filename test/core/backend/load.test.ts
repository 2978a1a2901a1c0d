import { describe, expect, test } from 'bun:test'
import { freePlace, takePlace } from '../../../core/backend/load.ts'
import { makeBackend, makeMember } from '../../support/make-backend.ts'

/** A backend of `most` requests; `told`: what its room was each time it was told. */
function bounded(most: number | undefined) {
  const told: boolean[] = []
  const backend = makeBackend(1, { maxInflight: most })
  backend.onRoomChange = () => told.push(backend.hasRoom)
  return { backend, told }
}

describe('the load of a backend', () => {
  test('takes its room at the bound, and gives it back below', () => {
    const { backend, told } = bounded(2)
    for (const change of [takePlace, takePlace, freePlace, freePlace]) change(backend)
    expect([backend.inflight, told]).toEqual([0, [false, true]])
  })

  test('without a bound is told to nobody', () => {
    const { backend, told } = bounded(undefined)
    for (let count = 0; count < 1000; count += 1) takePlace(backend)
    expect([backend.hasRoom, told]).toEqual([true, []])
  })

  test('above a bound that came down gives room back only below it', () => {
    const { backend, told } = bounded(3)
    for (let count = 0; count < 3; count += 1) takePlace(backend)
    backend.configure(makeMember(1, { maxInflight: 1 }), 0)
    for (let count = 0; count < 3; count += 1) freePlace(backend)
    expect([backend.hasRoom, told]).toEqual([true, [false, false, true]])
  })

  test('is bounded by what was learned where that is less, never by more than is configured', () => {
    const { backend } = bounded(10)
    backend.limit(4)
    expect(backend.maxInflight).toBe(4)
    backend.limit(40)
    expect(backend.maxInflight).toBe(10)
    backend.configure(makeMember(1), 0)
    expect(backend.maxInflight).toBe(40)
    backend.limit(Infinity)
    expect(backend.maxInflight).toBe(Infinity)
  })

  test('needs both a place and a connection', () => {
    const { backend } = bounded(1)
    backend.room = { hasRoom: false }
    expect(backend.hasRoom).toBe(false)
    backend.room = { hasRoom: true }
    expect(backend.hasRoom).toBe(true)
    takePlace(backend)
    expect(backend.hasRoom).toBe(false)
  })
})
