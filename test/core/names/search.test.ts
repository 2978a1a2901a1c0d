import { describe, expect, test } from 'bun:test'
import { fullNames, parseSearch } from '../../../core/names/search.ts'

const kubernetes = parseSearch(
  'nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5 timeout:2\n',
)

describe('resolv.conf', () => {
  test('tells search domains and from how many dots a name is full', () => {
    expect(kubernetes).toEqual({
      domains: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
      ndots: 5,
    })
  })

  test('counts its last search or domain line, and one dot where it says nothing', () => {
    expect(parseSearch('search a b\ndomain c.\n')).toEqual({ domains: ['c'], ndots: 1 })
    expect(parseSearch('domain c\nsearch a b\n').domains).toEqual(['a', 'b'])
    expect(parseSearch('')).toEqual({ domains: [], ndots: 1 })
  })

  test('is bounded and forgives nonsense', () => {
    const domains = Array.from({ length: 500 }, (_, index) => `d${index}`)
    expect(parseSearch(`search ${domains.join(' ')}`).domains).toHaveLength(32)
    expect(parseSearch('options ndots:99').ndots).toBe(15)
    expect(parseSearch('options ndots:-1 ndots:x\nsearch\nsearching a\n\0')).toEqual({ domains: [], ndots: 1 })
  })
})

describe('a name', () => {
  test('with few dots is searched for first, one with enough is full first', () => {
    expect(fullNames('api', kubernetes)).toEqual([
      'api.shop.svc.cluster.local',
      'api.svc.cluster.local',
      'api.cluster.local',
      'api',
    ])
    expect(fullNames('api.example.com', { domains: ['a'], ndots: 2 })).toEqual(['api.example.com', 'api.example.com.a'])
    expect(fullNames('api.example', { domains: ['a'], ndots: 2 })).toEqual(['api.example.a', 'api.example'])
  })

  test('with a dot at its end is full', () => {
    expect(fullNames('api.', kubernetes)).toEqual(['api'])
  })
})
