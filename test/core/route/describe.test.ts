import { describe, expect, test } from 'bun:test'
import { describeMatch, describeRoute } from '../../../core/route/describe.ts'
import type { RouteMatch } from '../../../core/route/route.ts'
import { Secret } from '../../../core/secrets.ts'

const anything: RouteMatch = { host: undefined, path: undefined, methods: undefined, headers: [] }

describe('conditions in words', () => {
  const cases: readonly (readonly [Partial<RouteMatch>, string])[] = [
    [{}, '*'],
    [{ host: '*.example.com' }, '*.example.com'],
    [{ path: '/v1/*' }, '/v1/*'],
    [{ host: 'a.com', path: '/v1/*', methods: ['GET', 'POST'] }, 'GET|POST a.com/v1/*'],
    [{ headers: [{ name: 'authorization', value: new Secret('Bearer s3cret') }] }, 'authorization=***'],
  ]
  for (const [match, words] of cases) {
    test(`says ${words}`, () => expect(describeMatch({ ...anything, ...match })).toBe(words))
  }

  test('says where it leads, too', () => {
    expect(describeRoute({ match: { ...anything, path: '/v1/*' }, pool: 'api' })).toBe('/v1/* to api')
  })
})
