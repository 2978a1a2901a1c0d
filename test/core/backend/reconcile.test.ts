import { describe, expect, test } from 'bun:test'
import { reconcile } from '../../../core/backend/reconcile.ts'
import type { Member } from '../../../core/backend/member.ts'
import { makeBackend, makeMember } from '../../support/make-backend.ts'

const create = (member: Member) => makeBackend(0, member)
const refuse = (): never => {
  throw new Error('nothing had to be created')
}

describe('reconcile', () => {
  test('creates every backend of an empty pool', () => {
    const { backends, added, removed, kept } = reconcile([], [makeMember(1), makeMember(2)], create)
    expect(backends.map((backend) => backend.id)).toEqual(['127.0.0.1:1', '127.0.0.1:2'])
    expect(added).toEqual(backends)
    expect([...removed, ...kept]).toEqual([])
  })

  test('keeps the object, and with it its state, for an id that stays', () => {
    const backend = makeBackend(1)
    backend.inflight = 7
    backend.counters.requests = 9
    backend.health = { kind: 'unhealthy', since: 5, reason: 'refused' }
    const { backends, kept, added } = reconcile([backend], [makeMember(1)], refuse)
    expect(backends[0]).toBe(backend)
    expect(kept).toEqual([backend])
    expect(added).toEqual([])
    expect(backend).toMatchObject({ inflight: 7, health: { kind: 'unhealthy' }, counters: { requests: 9 } })
  })

  test('brings weight, zone and place of a kept one up to date', () => {
    const backend = makeBackend(1, { weight: 1, zone: 'old', place: { latitude: 1, longitude: 1 } })
    reconcile([backend], [makeMember(1, { weight: 3, zone: 'new', place: { latitude: 2, longitude: 3 } })], refuse)
    expect(backend).toMatchObject({ weight: 3, zone: 'new', place: { latitude: 2, longitude: 3 } })
    reconcile([backend], [makeMember(1)], refuse)
    expect([backend.weight, backend.zone, backend.place]).toEqual([1, undefined, undefined])
  })

  test('follows the order of the members, not the old one', () => {
    const [one, two, three] = [makeBackend(1), makeBackend(2), makeBackend(3)]
    const members = [makeMember(3), makeMember(4), makeMember(1)]
    const { backends, added, removed, kept } = reconcile([one, two, three], members, create)
    expect(backends.map((backend) => backend.address)).toEqual(members.map((member) => member.address))
    expect(backends[0]).toBe(three)
    expect(backends[2]).toBe(one)
    expect(added).toEqual([backends[1]!])
    expect(removed).toEqual([two])
    expect(kept).toEqual([three, one])
  })

  test('removes everything when no member is left', () => {
    const old = [makeBackend(1), makeBackend(2)]
    expect(reconcile(old, [], refuse)).toEqual({ backends: [], added: [], removed: old, kept: [] })
  })

  test('refuses two members of one id and changes nothing', () => {
    const backend = makeBackend(1)
    expect(() => reconcile([backend], [makeMember(1, { weight: 9 }), makeMember(1)], create)).toThrow('127.0.0.1:1')
    expect(backend.weight).toBe(1)
  })

  test('keeps all ten thousand when nothing changed', () => {
    const old = Array.from({ length: 10_000 }, (_, port) => makeBackend(port))
    const { backends, kept, removed } = reconcile(
      old,
      old.map((_, port) => makeMember(port)),
      refuse,
    )
    expect(backends.every((backend, index) => backend === old[index])).toBe(true)
    expect([kept.length, removed.length]).toEqual([10_000, 0])
  })
})
