import { describe, expect, test } from 'bun:test'
import { createIdentify } from '../../../core/forward/identify.ts'
import { RequestContext } from '../../../core/exchange/pick-context.ts'
import type { Affinity } from '../../../core/pool/policy.ts'
import type { Geo } from '../../../core/exchange/world.ts'
import { parseRequest } from '../../support/http1-heads.ts'
import { peerAt } from '../../support/peer-at.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const random = () => 0.5
const identify = createIdentify((address) => address === '10.0.0.1')

function contextOf(request: string, affinity: Affinity | readonly Affinity[], peer = '1.1.1.1', geo?: Geo) {
  const source = { services: { clock: virtualClock(), random }, geo, affinity: [affinity].flat() }
  return new RequestContext(parseRequest(request), identify(peerAt(peer)), source, 42)
}

const withLines = (lines: string, path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

describe('the affinity key', () => {
  test.each([
    [{ kind: 'client' }, withLines(''), '1.1.1.1'],
    [{ kind: 'path' }, withLines('', '/a%2F?b=c'), '/a%2F'],
    [{ kind: 'header', name: 'x-user' }, withLines('X-User:  \xe9 x \r\nx-user: b\r\n'), '\xe9 x'],
    [{ kind: 'header', name: 'x-user' }, withLines('X-Users: b\r\n'), undefined],
    [{ kind: 'cookie', name: 'id' }, withLines('Cookie: a=1; id=x=y ; id=z\r\n'), 'x=y'],
    [{ kind: 'cookie', name: 'id' }, withLines('Cookie: a=1\r\ncookie: id=b\r\n'), 'b'],
    [{ kind: 'cookie', name: 'id' }, withLines('Cookie: xid=1; ID=2; id\r\n'), undefined],
    [{ kind: 'cookie', name: 'id' }, withLines('Cookie: id=\r\n'), undefined],
    [{ kind: 'cookie', name: 'id' }, withLines(''), undefined],
    [{ kind: 'query', name: 'id' }, withLines('', '/?a=1&id=%20x=y&id=z'), '%20x=y'],
    [{ kind: 'query', name: 'id' }, withLines('', '/?id='), undefined],
    [{ kind: 'query', name: 'id' }, withLines('', '/?xid=1&&=2&id'), undefined],
    [{ kind: 'query', name: 'id' }, withLines('', '/id=1'), undefined],
  ] as const)('by %p of %p is %p', (affinity, request, key) => {
    expect(contextOf(request, affinity).key).toBe(key)
  })

  const inOrder = [
    { kind: 'cookie', name: 'id' },
    { kind: 'header', name: 'x-user' },
    { kind: 'query', name: 'u' },
    { kind: 'client' },
  ] as const

  test.each([
    [withLines('X-User: b\r\nCookie: id=a\r\n', '/?u=c'), 'a'],
    [withLines('X-User: b\r\nCookie: id=\r\n', '/?u=c'), 'b'],
    [withLines('X-User:\r\nX-User: d\r\n', '/?u=c'), 'c'],
    [withLines(''), '1.1.1.1'],
  ])('of several in order is the first that %p has', (request, key) => {
    expect(contextOf(request, inOrder).key).toBe(key)
  })

  test('is none when the request has none of several', () => {
    expect(contextOf(withLines(''), inOrder.slice(0, 3)).key).toBeUndefined()
  })

  test('by client is the one behind a trusted proxy', () => {
    const context = contextOf(withLines('X-Forwarded-For: 2.2.2.2\r\n'), { kind: 'client' }, '10.0.0.1')
    expect([context.key, context.client.address]).toEqual(['2.2.2.2', '2.2.2.2'])
  })
})

describe('the place of a client', () => {
  function geoOf(): { readonly geo: Geo; readonly asked: unknown[] } {
    const asked: unknown[] = []
    const find: Geo['find'] = (...args) => {
      asked.push(args)
      return { zone: 'eu', place: { latitude: 1, longitude: 2 } }
    }
    return { geo: { header: 'x-zone', find }, asked }
  }

  test('is looked up once, when it is first read', () => {
    const { geo, asked } = geoOf()
    const context = contextOf(withLines(''), { kind: 'client' }, '1.1.1.1', geo)
    expect(asked).toEqual([])
    expect([context.client.zone, context.client.place, context.zone]).toEqual([
      'eu',
      { latitude: 1, longitude: 2 },
      'eu',
    ])
    expect(asked).toEqual([['1.1.1.1', undefined]])
  })

  test('may be told by a trusted proxy and by nobody else', () => {
    const { geo, asked } = geoOf()
    for (const peer of ['10.0.0.1', '1.1.1.1']) {
      void contextOf(withLines('X-Zone: us\r\n'), { kind: 'client' }, peer, geo).zone
    }
    expect(asked).toEqual([
      ['10.0.0.1', 'us'],
      ['1.1.1.1', undefined],
    ])
  })

  test('is unknown where nobody configured how to know', () => {
    const context = contextOf(withLines(''), { kind: 'client' })
    expect([context.zone, context.place]).toEqual([undefined, undefined])
  })

  test('comes with the time and the chance that were handed in', () => {
    const context = contextOf(withLines(''), { kind: 'client' })
    expect([context.now, context.random()]).toEqual([42, 0.5])
  })
})

describe('the time of a pick', () => {
  test('is what elapses and what the clock on the wall shows', () => {
    const context = contextOf(withLines(''), { kind: 'client' })
    expect([context.now, context.wallTime]).toEqual([42, Date.UTC(2026, 0, 1)])
  })
})
