import { describe, expect, test } from 'bun:test'
import { isCallAstray } from '../../../core/exchange/calls.ts'
import { beginExchange, connected, FakeClient, FakeStream } from '../../support/fake-streams.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const requestOf = (type: string): string => `POST /t.T/Get HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n\r\n`

describe('a call of gRPC', () => {
  const isAstray = (type: string, client: { version?: '2'; isCall?: true }, takesNoCalls = true): boolean => {
    const stream = new FakeStream(false)
    stream.takesNoCalls = takesNoCalls
    const request = requestOf(type)
    return isCallAstray(Object.assign(new FakeClient(request), client), stream, parseRequest(request))
  }

  test.each([
    ['over HTTP/2 is', 'application/grpc+proto', { version: '2' }, true],
    ['of gRPC-Web is', 'application/grpc', { isCall: true }, true],
    ['over HTTP/1.1 is none', 'application/grpc', {}, false],
    ['of another type is none', 'application/grpc-web', { version: '2' }, false],
  ] as const)('at a backend that speaks HTTP/1.1 is astray: %s', (_, type, client, is) => {
    expect([isAstray(type, client), isAstray(type, client, false)]).toEqual([is, false])
  })

  test('is tried where HTTP/2 is spoken, and nothing is sent before', () => {
    const { client, sources, views } = beginCall()
    const [first, second] = sources
    connected(first!.last)
    expect(first!.last.log).toEqual(['abort'])
    second!.last.takesNoCalls = false
    connected(second!.last)
    expect(second!.last.log).toEqual(['POST', 'end'])
    expect(client.log).toEqual([])
    expect(views).toHaveLength(2)
  })

  test('is answered by us where nobody speaks HTTP/2', () => {
    const { client, sources } = beginCall()
    for (const source of sources) {
      source.last.takesNoCalls = true
      connected(source.last)
    }
    expect(client.log).toEqual([expect.stringMatching(/^refuse 503 no connection can be opened: .* HTTP\/1\.1$/)])
    expect(sources.map(({ backend }) => backend.counters.failures)).toEqual([0, 0])
  })

  /** Over HTTP/2; the first backend has picked HTTP/1.1. */
  function beginCall() {
    const begun = beginExchange({ request: requestOf('application/grpc') })
    begun.client.version = '2'
    begun.sources[0]!.last.takesNoCalls = true
    return begun
  }
})
