import { describe, expect, test } from 'bun:test'
import { makeBackend, makeMember } from '../../support/make-backend.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'

const rule = NO_RULE

describe('a backend', () => {
  test('goes to the tier that it is told', () => {
    const backend = makeBackend(1, { tier: 2 })
    expect(backend.tier).toBe(2)
    backend.configure(makeMember(1), 5)
    expect(backend.tier).toBe(0)
  })

  test('stands as its facts did when they were last reckoned up', () => {
    const backend = makeBackend(1)
    backend.facts.checks = { kind: 'failing', since: 3, cause: '503' }
    expect(backend.standing.usable).toBe(true)
    const before = backend.reckon(rule, 4)
    expect([before.health, backend.standing.health]).toEqual(['unchecked', 'unhealthy'])
  })

  test('is given a new weight when it is reckoned up, and says at once what is configured', () => {
    const backend = makeBackend(1, { weight: 2 })
    backend.configure(makeMember(1, { weight: 5, zone: 'eu' }), 3)
    expect([backend.configuredWeight, backend.weight, backend.zone]).toEqual([5, 2, 'eu'])
    backend.reckon(rule, 3)
    expect(backend.weight).toBe(5)
  })

  test('keeps a weight while it is out, for those who look back', () => {
    const backend = makeBackend(1, { weight: 2, isDraining: true })
    expect([backend.standing.usable, backend.weight, backend.candidate.weight]).toEqual([false, 2, 2])
  })

  test('has room for as long as nobody says otherwise', () => {
    const backend = makeBackend(1)
    expect(backend.hasRoom).toBe(true)
    const room = { hasRoom: false }
    backend.room = room
    expect(backend.hasRoom).toBe(false)
    room.hasRoom = true
    expect(backend.hasRoom).toBe(true)
  })
})
