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
    const { backends, removed } = reconcile([], [makeMember(1), makeMember(2)], create, 0)
    expect(backends.map((backend) => backend.id)).toEqual(['127.0.0.1:1', '127.0.0.1:2'])
    expect(removed).toEqual([])
  })

  test('keeps the object, and with it its state, for an id that stays', () => {
    const backend = makeBackend(1)
    backend.inflight = 7
    backend.counters.requests = 9
    backend.facts.checks = { kind: 'failing', since: 5, cause: 'refused' }
    const { backends } = reconcile([backend], [makeMember(1)], refuse, 0)
    expect(backends[0]).toBe(backend)
    expect(backend).toMatchObject({ inflight: 7, facts: { checks: { kind: 'failing' } }, counters: { requests: 9 } })
  })

  test('brings weight, zone and place of a kept one up to date', () => {
    const backend = makeBackend(1, { weight: 1, zone: 'old', place: { latitude: 1, longitude: 1 } })
    reconcile([backend], [makeMember(1, { weight: 3, zone: 'new', place: { latitude: 2, longitude: 3 } })], refuse, 0)
    expect(backend).toMatchObject({ configuredWeight: 3, zone: 'new', place: { latitude: 2, longitude: 3 } })
    reconcile([backend], [makeMember(1)], refuse, 0)
    expect([backend.configuredWeight, backend.zone, backend.place]).toEqual([1, undefined, undefined])
  })

  test('dates a drain from when it was asked for, whatever else changes', () => {
    const backend = makeBackend(1)
    const word = () => backend.facts.operator
    reconcile([backend], [makeMember(1, { isDraining: true })], refuse, 10)
    expect(word()).toEqual({ kind: 'draining', since: 10, weight: 1 })
    reconcile([backend], [makeMember(1, { isDraining: true, weight: 4 })], refuse, 20)
    expect(word()).toEqual({ kind: 'draining', since: 10, weight: 4 })
    reconcile([backend], [makeMember(1)], refuse, 30)
    expect(word()).toEqual({ kind: 'active', since: 30, weight: 1 })
  })

  test('follows the order of the members, not the old one', () => {
    const [one, two, three] = [makeBackend(1), makeBackend(2), makeBackend(3)]
    const members = [makeMember(3), makeMember(4), makeMember(1)]
    const { backends, removed } = reconcile([one, two, three], members, create, 0)
    expect(backends.map((backend) => backend.address)).toEqual(members.map((member) => member.address))
    expect(backends[0]).toBe(three)
    expect(backends[2]).toBe(one)
    expect(removed).toEqual([two])
  })

  test('removes everything when no member is left', () => {
    const old = [makeBackend(1), makeBackend(2)]
    expect(reconcile(old, [], refuse, 0)).toEqual({ backends: [], removed: old })
  })

  test('refuses two members of one id and changes nothing', () => {
    const backend = makeBackend(1)
    expect(() => reconcile([backend], [makeMember(1, { weight: 9 }), makeMember(1)], create, 0)).toThrow('127.0.0.1:1')
    expect(backend.configuredWeight).toBe(1)
  })

  test('keeps all ten thousand when nothing changed', () => {
    const old = Array.from({ length: 10_000 }, (_, port) => makeBackend(port))
    const { backends, removed } = reconcile(
      old,
      old.map((_, port) => makeMember(port)),
      refuse,
      0,
    )
    expect(backends.every((backend, index) => backend === old[index])).toBe(true)
    expect(removed).toEqual([])
  })
})
