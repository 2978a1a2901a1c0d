import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withPool } from './read-config.ts'

const withRoute = (grpcWeb: unknown, protocol = 'h2c', pool = 'web') => ({
  ...withPool({ protocol }),
  routes: [{ pool, grpcWeb }],
})

describe('grpcWeb of a route', () => {
  test('translates where it says so', () => {
    expect(configOf(withRoute(true)).routes[0]?.grpcWeb).toBe(true)
    expect(Object.keys(configOf(withRoute(false)).routes[0]!)).not.toContain('grpcWeb')
    expect(configOf(withRoute(false, 'http/1.1')).routes).toHaveLength(1)
    for (const protocol of ['h2', 'auto']) {
      const secure = { ...withPool({ protocol, backends: ['https://a'] }), routes: [{ pool: 'web', grpcWeb: true }] }
      expect(configOf(secure).routes[0]?.grpcWeb).toBe(true)
    }
    const backends = ['http://a', 'https://b']
    const mixed = { ...withPool({ protocol: 'auto', backends }), routes: [{ pool: 'web', grpcWeb: true }] }
    expect(configOf(mixed).routes[0]?.grpcWeb).toBe(true)
  })

  test.each([
    [
      withRoute(true, 'http/1.1'),
      'routes[0].grpcWeb needs a pool that speaks HTTP/2, got true ("protocol": "h2c" of the pool, or "h2" over TLS)',
    ],
    [
      withRoute(true, 'auto'),
      'routes[0].grpcWeb needs a pool that speaks HTTP/2, got true ("protocol": "h2c" of the pool, or "h2" over TLS)',
    ],
    [withRoute('true'), 'routes[0].grpcWeb must be true or false, got "true" (did you mean true, without quotes?)'],
    [withRoute(1), 'routes[0].grpcWeb must be true or false, got 1'],
    [withRoute({ allowOrigins: ['*'] }), 'routes[0].grpcWeb must be true or false, got an object'],
    [withRoute(true, 'h2c', 'nobody'), 'routes[0].pool must be the name of a pool, got "nobody" (there are: web)'],
  ])('%j is refused', (config, problem) => {
    const problems = problemsOf(config)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(problem)
  })
})
