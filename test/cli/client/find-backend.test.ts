import { describe, expect, test } from 'bun:test'
import { findBackend, findPool } from '../../../cli/client/find-backend.ts'
import type { PoolStatus } from '../../../core/report/snapshot.ts'

const pools = [
  { name: 'web', backends: [{ id: 'localhost:8101' }, { id: '[::1]:80' }, { id: 'both:80' }] },
  { name: 'api', backends: [{ id: 'unix:/run/Api.sock' }, { id: 'both:80' }] },
] as unknown as readonly PoolStatus[]

const found = (given: string, pool?: string) => {
  const result = findBackend(pools, given, pool)
  return result.kind === 'found' ? `${result.pool.name} ${result.backend.id}` : `${result.kind}: ${result.message}`
}

describe('a backend as people name it', () => {
  test.each([
    ['localhost:8101', 'web localhost:8101'],
    ['http://LOCALHOST:8101/', 'web localhost:8101'],
    ['http://[::1]', 'web [::1]:80'],
    ['[::1]:80', 'web [::1]:80'],
    ['unix:/run/Api.sock', 'api unix:/run/Api.sock'],
    ['unix:/run/api.sock', 'unknown: no pool has a backend unix:/run/api.sock; did you mean "unix:/run/Api.sock"?'],
    ['both:80', 'unclear: both:80 is in the pools web, api: name one with --pool'],
    ['localhost:8102', 'unknown: no pool has a backend localhost:8102; did you mean "localhost:8101"?'],
    [
      'https://localhost:8101',
      'unknown: no pool has a backend https://localhost:8101; there are localhost:8101, [::1]:80, both:80, unix:/run/Api.sock',
    ],
  ])('%s is %s', (given, expected) => {
    expect(found(given)).toBe(expected)
  })

  test('is told of with five of those there are', () => {
    const backends = Array.from({ length: 9 }, (_, index) => ({ id: `b${index}:80` }))
    const many = [{ name: 'web', backends }] as unknown as readonly PoolStatus[]
    const none = [{ name: 'web', backends: [] }] as unknown as readonly PoolStatus[]
    expect(findBackend(many, 'other', undefined)).toMatchObject({
      message: 'no pool has a backend other; there are b0:80, b1:80, b2:80, b3:80, b4:80 and 4 more',
    })
    expect(findBackend(none, 'other', 'web')).toMatchObject({
      message: 'the pool web has no backend other; there is none',
    })
  })

  test('is looked for in the named pool alone', () => {
    expect(found('both', 'api')).toBe('api both:80')
    expect(found('localhost:8101', 'api')).toStartWith('unknown: the pool api has no backend localhost:8101')
    expect(found('both', 'apj')).toBe('unknown: there is no pool apj; did you mean "api"?')
  })
})

describe('a pool', () => {
  test('need not be named where there is one', () => {
    expect(findPool(pools.slice(0, 1), undefined)).toMatchObject({ kind: 'found', pool: { name: 'web' } })
    expect(findPool(pools, undefined)).toEqual({ kind: 'unclear', message: 'name the pool with --pool: web, api' })
    expect(findPool([], undefined).kind).toBe('unclear')
  })
})
