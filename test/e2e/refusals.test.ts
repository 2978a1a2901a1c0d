import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { ask, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startRig } from '../support/rig.ts'

const lines = (text: string) => `GET / HTTP/1.1\r\nHost: a\r\n${text}\r\n\r\n`
const body = (text: string, more = '') => `POST / HTTP/1.1\r\nHost: a\r\n${text}\r\n\r\n${more}`
const chunks = (text: string) => body('Transfer-Encoding: chunked', text)
const manyFields = (count: number) => get('/', 'A: 1\r\n'.repeat(count - 1))

/** What no backend may ever see, and the status that tells the client why. */
const REFUSED: readonly (readonly [what: string, request: string, status?: number])[] = [
  ['both framing fields', body('Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
  ['both framing fields, the other way round', body('Transfer-Encoding: chunked\r\nContent-Length: 3', 'abc')],
  ['differing lengths', body('Content-Length: 3\r\nContent-Length: 4', 'abcd')],
  ['listed lengths', body('Content-Length: 3, 3', 'abc')],
  ['a signed length', body('Content-Length: +3', 'abc')],
  ['a negative length', body('Content-Length: -3', 'abc')],
  ['a hexadecimal length', body('Content-Length: 0x3', 'abc')],
  ['an empty length', body('Content-Length: ', 'abc')],
  ['an overflowing length', body('Content-Length: 9007199254740992')],
  ['a huge length', body(`Content-Length: ${'9'.repeat(400)}`)],
  ['another transfer coding', body('Transfer-Encoding: gzip')],
  ['chunked behind another coding', body('Transfer-Encoding: gzip, chunked')],
  ['chunked before another coding', body('Transfer-Encoding: chunked, identity')],
  ['chunked twice', body('Transfer-Encoding: chunked, chunked')],
  ['chunked in two fields', body('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
  ['an empty transfer coding', body('Transfer-Encoding:')],
  ['a vertical tab before chunked', body('Transfer-Encoding: \x0bchunked')],
  ['a transfer coding in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a bare LF behind the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
  ['a bare LF behind a field', lines('A: 1\nB: 2')],
  ['a bare LF as the empty line', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
  ['a bare CR in a value', lines('A: 1\rB: 2')],
  ['NUL in a value', lines('A: \0')],
  ['DEL in a value', lines('A: \x7f')],
  ['a control in the target', 'GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['NUL in a name', lines('A\0: 1')],
  ['a space before the colon', lines('A : 1')],
  ['a tab before the colon', lines('Content-Length\t: 3')],
  ['a folded line', lines('A: 1\r\n  2')],
  ['a folded first line', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['an empty name', lines(': 1')],
  ['a name with a space', lines('A B: 1')],
  ['a name with a byte above 0x7f', lines('\xc4: 1')],
  ['a line without a colon', lines('A')],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', lines('Host: b')],
  ['two equal Hosts', lines('Host: a')],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with user info', 'GET / HTTP/1.1\r\nHost: x@a\r\n\r\n'],
  ['a Host with a port above 65535', 'GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n'],
  ['a Host that no name has the length of', `GET / HTTP/1.1\r\nHost: ${'a'.repeat(262)}\r\n\r\n`],
  ['an authority of such a length', `GET http://${'a'.repeat(16_000)}/ HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['a method of 4 KiB', `${'M'.repeat(4096)} / HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['two spaces behind the method', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['two spaces before the version', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space behind the version', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
  ['a space before the method', ' GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a tab for a space', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no version', 'GET /\r\n\r\n'],
  ['a lower-case version', 'GET / http/1.1\r\nHost: a\r\n\r\n'],
  ['a version with more digits', 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
  ['a method that is no token', 'G(T / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a target that is no form', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment in the target', 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an asterisk but for OPTIONS', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['TLS where HTTP is spoken', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['another major version', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ['a target over its limit', get(`/${'a'.repeat(16 * 1024)}`), 414],
  ['a head over its limit', get('/', `A: ${'a'.repeat(64 * 1024)}\r\n`), 431],
  ['a head that never ends', `GET / HTTP/1.1\r\nHost: a\r\n${`A: ${'a'.repeat(1000)}\r\n`.repeat(70)}`, 431],
  ['too many fields', manyFields(257), 431],
]

/** Bodies go to the backend while they are read: what is refused here never becomes a whole request. */
const REFUSED_BODIES: readonly (readonly [what: string, request: string])[] = [
  ['a signed chunk size', chunks('+3\r\nabc\r\n0\r\n\r\n')],
  ['a negative chunk size', chunks('-3\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size in C', chunks('0x3\r\nabc\r\n0\r\n\r\n')],
  ['an underscore in a chunk size', chunks('1_0\r\nabc\r\n0\r\n\r\n')],
  ['an overflowing chunk size', chunks(`${'f'.repeat(17)}\r\nabc\r\n0\r\n\r\n`)],
  ['an empty chunk size', chunks('\r\nabc\r\n0\r\n\r\n')],
  ['a space before a chunk size', chunks(' 3\r\nabc\r\n0\r\n\r\n')],
  ['a bare LF behind a chunk size', chunks('3\nabc\r\n0\r\n\r\n')],
  ['no CRLF behind a chunk', chunks('3\r\nabcd\r\n0\r\n\r\n')],
  ['a bare LF behind a chunk', chunks('3\r\nabc\n0\r\n\r\n')],
  ['a control in an extension', chunks('3;a\0\r\nabc\r\n0\r\n\r\n')],
  ['a bare LF in an extension', chunks('3;a\nabc\r\n0\r\n\r\n')],
  ['a folded trailer', chunks('0\r\nA: 1\r\n 2\r\n\r\n')],
  ['a trailer without a colon', chunks('0\r\nA\r\n\r\n')],
]

describe('a request refused', () => {
  test.each(REFUSED)('for %s is answered and closed', async (_, request, status = 400) => {
    await using rig = await startRig({ answer: ok() })
    rig.client.send(request + get('/next'))
    const response = await nextResponse(rig.client)
    expect([response.status, valuesOf(response, 'connection')]).toEqual([status, ['close']])
    await rig.client.expectEnd()
    expect(rig.client.rest).toBe('')
    expect(rig.backend.connections).toHaveLength(0)
    expect(rig.edge.counters).toMatchObject({ requests: 0, badRequests: 1 })
  })

  test.each(REFUSED.filter(([, request]) => request.length < 300))(
    'for %s is refused byte by byte, too',
    async (_, request, status = 400) => {
      await using rig = await startRig({ answer: ok() })
      const [response] = await Promise.all([nextResponse(rig.client), rig.client.sendByteByByte(`${request}\r\n\r\n`)])
      expect(response.status).toBe(status)
      await rig.client.expectEnd()
      expect(rig.backend.connections).toHaveLength(0)
    },
  )

  test.each(REFUSED_BODIES)('for %s never becomes whole', async (_, request) => {
    await using rig = await startRig({ answer: ok() })
    rig.client.send(request + get('/next'))
    const response = await nextResponse(rig.client)
    expect([response.status, valuesOf(response, 'connection')]).toEqual([400, ['close']])
    await rig.client.expectEnd()
    expect(rig.client.rest).toBe('')
    expect(rig.backend.requests).toHaveLength(0)
  })

  test.each(REFUSED_BODIES)('for %s never becomes whole byte by byte', async (_, request) => {
    await using rig = await startRig({ answer: ok() })
    const [response] = await Promise.all([nextResponse(rig.client), rig.client.sendByteByByte(request)])
    expect(response.status).toBe(400)
    await rig.client.expectEnd()
    expect(rig.backend.requests).toHaveLength(0)
  })

  test('cuts its backend exchange when its body is invalid', async () => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.includes('abc') ? true : undefined), 'the first chunk')
    rig.client.send('x')
    expect((await nextResponse(rig.client)).status).toBe(400)
    expect(await peer.expectClosed()).toBe('reset')
    expect(rig.edge.backend()).toMatchObject({ abandoned: 1, failures: { total: 0 } })
  })

  test('has the responses before it delivered first', async () => {
    await using rig = await startRig({ answer: ({ request, peer }) => peer.send(ok(request.target)) })
    rig.client.send(`${get('/1')}${get('/2')}GET / HTTP/9.9\r\n\r\n`)
    expect((await nextResponse(rig.client)).body).toBe('/1')
    expect((await nextResponse(rig.client)).body).toBe('/2')
    expect((await nextResponse(rig.client)).status).toBe(505)
    await rig.client.expectEnd()
  })

  test('has its answer arrive though it goes on sending', async () => {
    await using rig = await startRig({ client: { staysOpen: true } })
    rig.client.send('GET / HTTP/9.9\r\n\r\n')
    rig.client.send('x'.repeat(2_000_000))
    expect((await nextResponse(rig.client)).status).toBe(505)
    rig.edge.clock.advance(2500)
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'the end of our patience')
    rig.client.send('x')
    await rig.client.expectClosed()
  })
})

describe('limits are inclusive', () => {
  test.each([
    ['a target', get(`/${'a'.repeat(16 * 1024 - 1)}`)],
    ['a head', get('/', `A: ${'a'.repeat(64 * 1024 - get('/', 'A: \r\n').length)}\r\n`)],
    ['fields', manyFields(256)],
  ])('of %s', async (_, request) => {
    await using rig = await startRig({ answer: ok() })
    expect((await ask(rig.client, request)).status).toBe(200)
  })
})

describe('limits come from the config', () => {
  const limits = { maxHeadBytes: 1024, maxTargetBytes: 256, maxFields: 8, maxConnections: 10, maxReplayBytes: 0 }

  test.each([
    ['a target', get(`/${'a'.repeat(255)}`), get(`/${'a'.repeat(256)}`), 414],
    ['fields', manyFields(8), manyFields(9), 431],
    ['a head', get('/', `A: ${'a'.repeat(900)}\r\n`), get('/', `A: ${'a'.repeat(1024)}\r\n`), 431],
  ])('for %s', async (_, valid, refused, status) => {
    await using rig = await startRig({ answer: ok(), config: { limits } })
    expect((await ask(rig.client, valid)).status).toBe(200)
    expect((await ask(rig.client, refused)).status).toBe(status)
  })

  test('for the heads of backends, too', async () => {
    await using rig = await startRig({ answer: ok('x', 'A: 1\r\n'.repeat(8)), config: { limits } })
    expect((await ask(rig.client, get())).status).toBe(502)
  })
})

describe('an error of the edge', () => {
  test('is problem details for who accepts JSON, else text', async () => {
    await using rig = await startRig({ config: { routes: [] } })
    const json = await ask(rig.client, get('/', 'Accept: application/json\r\n'))
    expect([json.status, valuesOf(json, 'content-type')]).toEqual([404, ['application/problem+json']])
    expect(JSON.parse(json.body)).toMatchObject({ type: 'about:blank', status: 404, title: 'Not Found' })
    const text = await ask(rig.client, get('/', 'Accept: */*\r\n'))
    expect([text.status, text.body]).toEqual([404, '404 Not Found: no route matches this request\n'])
    const head = await ask(rig.client, 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect([head.status, head.body]).toEqual([404, ''])
    expect(rig.edge.counters).toMatchObject({ unrouted: 3, requests: 3 })
  })

  test('closes when the body of its request has not been read', async () => {
    await using rig = await startRig({ config: { routes: [] } })
    const response = await ask(
      rig.client,
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n`,
    )
    expect([response.status, valuesOf(response, 'connection')]).toEqual([404, ['close']])
    await rig.client.expectEnd()
    expect(rig.client.rest).toBe('')
    expect(rig.edge.counters.requests).toBe(1)
  })
})
