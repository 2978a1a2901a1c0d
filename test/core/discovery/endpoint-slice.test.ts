import { describe, expect, test } from 'bun:test'
import { readMember } from '../../../core/config/read-member.ts'
import { chosenEndpoints, readSlice } from '../../../core/discovery/endpoint-slice.ts'
import { endpoint } from '../../support/kubernetes.ts'

const hinted = (address: string, zone: string, facts: object = {}) =>
  endpoint(address, { hints: { forZones: [{ name: zone }] }, ...facts })
const LEAVING = { conditions: { ready: false, serving: true, terminating: true } }

/** Those who are chosen, with their weights. */
function chosen(endpoints: readonly object[], facts: { readonly zone?: string; readonly share?: number }) {
  const slice = { metadata: { name: 'a' }, ports: [{ port: 80 }], endpoints }
  const { zone, share } = facts
  return chosenEndpoints(readSlice(slice, undefined, readMember), { zone, share }).flatMap((entry) =>
    entry.kind === 'member' ? [[entry.member.id, entry.member.weight]] : [[entry.reason, 0]],
  )
}
const ids = (...args: Parameters<typeof chosen>) => chosen(...args).map(([id]) => id)

const [A, B, BARE] = [hinted('10.0.0.1', 'a'), hinted('10.0.0.2', 'b'), endpoint('10.0.0.3')]

describe('hints', () => {
  test.each([
    ['count where somebody is meant for the zone', 'a', [A, B], ['10.0.0.1:80']],
    ['do not where nobody is', 'c', [A, B], ['10.0.0.1:80', '10.0.0.2:80']],
    ['do not where somebody has none', 'a', [A, B, BARE], ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80']],
    ['do not without a zone', undefined, [A, B], ['10.0.0.1:80', '10.0.0.2:80']],
    ['hold out nobody who ends', 'a', [A, B, endpoint('10.0.0.4', LEAVING)], ['10.0.0.1:80', '10.0.0.4:80']],
  ])('%s', (_what, zone, endpoints, expected) => {
    expect(ids(endpoints, zone === undefined ? {} : { zone })).toEqual(expected)
  })

  test('that make no sense are none', () => {
    const odd = [{ hints: 3 }, { hints: { forZones: 'a' } }, { hints: { forZones: [null, {}] } }]
    const endpoints = odd.map((facts, index) => endpoint(`10.0.1.${index}`, facts))
    expect(ids([A, ...endpoints], { zone: 'a' })).toHaveLength(4)
  })

  test('do not hide what is faulty', () => {
    const faulty = { addresses: [] }
    expect(ids([A, faulty], { zone: 'a' })).toEqual(['10.0.0.1:80', 'has no address'])
  })
})

describe('a share', () => {
  test('is parted between those that serve', () => {
    expect(chosen([A, B, BARE, endpoint('10.0.0.4', LEAVING)], { share: 90 }).slice(0, 3)).toEqual([
      ['10.0.0.1:80', 30],
      ['10.0.0.2:80', 30],
      ['10.0.0.3:80', 30],
    ])
  })

  test('leaves each at least a thousandth', () => {
    const many = Array.from({ length: 200 }, (_, index) => endpoint(`10.0.1.${index}`))
    expect(chosen(many, { share: 0.001 })[0]).toEqual(['10.0.1.0:80', 0.001])
    expect(chosen([A], { share: 5000 })).toEqual([['10.0.0.1:80', 1000]])
  })

  test('is chosen behind hints', () => expect(chosen([A, B], { zone: 'a', share: 90 })).toEqual([['10.0.0.1:80', 90]]))
})
