import { describe, expect, test } from 'bun:test'
import {
  classIndex,
  methodClasses,
  methodClassOf,
  RouteTraffic,
  statusClasses,
} from '../../../core/observe/route-traffic.ts'

const classOf = (method: string): string => {
  const bytes = Buffer.from(`..${method} /`)
  return methodClasses[methodClassOf(bytes, 2, 2 + method.length)]!
}

const at = (method: string, status: string): number =>
  classIndex(methodClasses.indexOf(method as 'GET'), statusClasses.indexOf(status as 'none'))

describe('the class of a method', () => {
  test.each(methodClasses.slice(0, -1))('is its name: %s', (method) => {
    expect(classOf(method)).toBe(method)
  })

  test.each(['get', 'Get', 'GE', 'GETS', 'PUSH', 'PAT', 'OPTIONSX', 'TRACE', 'PROPFIND', 'other', '!', 'X'.repeat(64)])(
    'is "other" for any else: %s',
    (method) => {
      expect(classOf(method)).toBe('other')
    },
  )
})

describe('the traffic of a route', () => {
  const get = methodClasses.indexOf('GET')

  test('is counted by who answered, method and status', () => {
    const traffic = new RouteTraffic()
    const [one, other] = [{}, {}]
    traffic.end(get, 200, one, 1)
    traffic.end(get, 299, one, 1)
    traffic.end(get, 599, other, 1)
    traffic.end(get, 0, undefined, 1)
    expect([traffic.of(one)?.[at('GET', '2xx')], traffic.of(other)?.[at('GET', '5xx')]]).toEqual([2, 1])
    expect([traffic.of(undefined)?.[at('GET', 'none')], traffic.of({})]).toEqual([1, undefined])
    expect(Array.from(traffic.of(one)!).reduce((sum, count) => sum + count, 0)).toBe(2)
  })

  test('has places of its own for all classes', () => {
    const places = methodClasses.flatMap((method) => statusClasses.map((status) => at(method, status)))
    expect(places).toEqual(places.map((_, index) => index))
  })

  test('has the times of all but tunnels', () => {
    const traffic = new RouteTraffic()
    expect(traffic.durations).toBeUndefined()
    for (const [status, elapsedMs] of [
      [200, 30],
      [101, 3_600_000],
      [0, 12],
    ] as const)
      traffic.end(get, status, undefined, elapsedMs)
    expect(traffic.durations?.sumMs).toBe(42)
  })
})
