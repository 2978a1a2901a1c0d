import { describe, expect, test } from 'bun:test'
import { CandidateView } from '../../../core/backend/candidate.ts'
import { makeBackend, makeMember } from '../../support/make-backend.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'

describe('what strategies see of a backend', () => {
  test('is live', () => {
    const backend = makeBackend(1, { zone: 'eu', place: { latitude: 1, longitude: 2 } })
    const { candidate } = backend
    backend.inflight = 4
    backend.configure(makeMember(1, { weight: 3 }), 0)
    backend.reckon(NO_RULE, 0)
    const { id, inflight, weight, zone, place } = candidate
    expect({ id, inflight, weight, zone, place }).toEqual({
      id: backend.id,
      inflight: 4,
      weight: 3,
      zone: undefined,
      place: undefined,
    })
  })

  test('is one object of its own for each backend', () => {
    const [one, other] = [makeBackend(1), makeBackend(1)]
    expect(one.candidate).toBe(one.candidate)
    expect(one.candidate).not.toBe(other.candidate)
  })

  test('has no way through to the backend', () => {
    const { candidate } = makeBackend(1)
    expect(Reflect.ownKeys(candidate)).toEqual([])
    expect(Reflect.ownKeys(CandidateView.prototype)).not.toContain('backend')
    expect([Object.isFrozen(candidate), Object.isFrozen(CandidateView.prototype)]).toEqual([true, true])
    expect(Reflect.set(candidate, 'inflight', -5)).toBe(false)
    expect(candidate.inflight).toBe(0)
  })

  test('reads as its figures when it is printed', () => {
    const { candidate } = makeBackend(8, { weight: 2, zone: 'eu' })
    expect(JSON.stringify(candidate)).toBe('{"id":"127.0.0.1:8","weight":2,"inflight":0,"zone":"eu"}')
  })
})
