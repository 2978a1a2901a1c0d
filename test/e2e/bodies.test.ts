import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { ask, chunked, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { startRig } from '../support/rig.ts'
import { DATE_LINE } from '../support/virtual-clock.ts'

const big = 'abcdefghij'.repeat(30_000)

describe('a request body', () => {
  test.each([
    ['of a length', post('abc'), 'abc'],
    ['of no length', post(''), ''],
    ['with a GET', get('/', 'Content-Length: 3\r\n') + 'abc', 'abc'],
    ['of many packets', post(big), big],
    ['in chunks', postChunks(['abc', '\r\n0\r\n\r\n', 'x'.repeat(70_000)]), `abc\r\n0\r\n\r\n${'x'.repeat(70_000)}`],
    ['in no chunks', postChunks([]), ''],
  ])('%s arrives as it was', async (_, request, body) => {
    await using rig = await startRig({ answer: ok() })
    expect((await ask(rig.client, request)).status).toBe(200)
    expect(rig.backend.requests[0]!.body).toBe(body)
  })

  test('loses chunk extensions and keeps its chunks', async () => {
    await using rig = await startRig({ answer: ok() })
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    await ask(rig.client, `${head}0003;a="b"\r\nabc\r\n2\r\nde\r\n000;x\r\n\r\n`)
    expect(rig.backend.requests[0]!.rawBody).toBe('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n')
  })

  test('in chunks arrives whole when sent byte by byte', async () => {
    await using rig = await startRig({ answer: ok() })
    await rig.client.sendByteByByte(postChunks(['abc', 'defghijklmnopqrstuvwxyz'], '', 'X-T: 1\r\n'))
    await nextResponse(rig.client)
    expect(rig.backend.requests[0]).toMatchObject({ body: 'abcdefghijklmnopqrstuvwxyz', trailers: [['X-T', '1']] })
  })

  test('goes on arriving while the response does', async () => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.endsWith('3\r\nabc\r\n') ? true : undefined), 'the first chunk')
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n')
    await rig.client.until(() => (rig.client.text.endsWith('3\r\nxyz\r\n') ? true : undefined), 'the first chunk back')
    rig.client.send('2\r\nde\r\n0\r\n\r\n')
    expect((await rig.backend.next()).request.body).toBe('abcde')
    peer.send('0\r\n\r\n')
    const response = await nextResponse(rig.client)
    expect(response.body).toBe('xyz')
    // Whether it may be kept open was told before the request was whole.
    expect(valuesOf(response, 'connection')).toEqual(['close'])
    await rig.client.expectEnd()
  })

  test('expected to be asked for is sent when the backend says so', async () => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.includes('\r\n\r\n') ? true : undefined), 'a head')
    expect(peer.text).toContain('\r\nExpect: 100-continue\r\n')
    peer.send('HTTP/1.1 100 Continue\r\n\r\n')
    expect((await nextResponse(rig.client)).head).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    rig.client.send('abc')
    expect((await rig.backend.next()).request.body).toBe('abc')
    peer.send(ok())
    expect((await nextResponse(rig.client)).head).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${DATE_LINE}\r\n`)
  })

  test('expected to be asked for is spared when the backend refuses', async () => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.includes('\r\n\r\n') ? true : undefined), 'a head')
    peer.send('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n')
    const response = await nextResponse(rig.client)
    expect(response.status).toBe(417)
    // The body may or may not come: nobody could tell it from a next request.
    expect(valuesOf(response, 'connection')).toEqual(['close'])
    await rig.client.expectEnd()
    expect(await peer.expectClosed()).toBeDefined()
  })
})

describe('a response body', () => {
  test.each([
    ['of a length', ok('hello'), 'hello'],
    ['of no length', ok(''), ''],
    ['of many packets', ok(big), big],
    ['in chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(['a', big])}`, `a${big}`],
  ])('%s arrives as it was, and the connection lives on', async (_, response, body) => {
    await using rig = await startRig({ answer: response })
    for (let round = 0; round < 2; round += 1) expect((await ask(rig.client, get())).body).toBe(body)
    expect(rig.backend.connections).toHaveLength(1)
  })

  test('that ends with the connection goes out in chunks', async () => {
    await using rig = await startRig({
      answer({ peer }) {
        peer.send('HTTP/1.1 200 OK\r\nA: 1\r\n\r\nhello')
        peer.end()
      },
    })
    const response = await ask(rig.client, get())
    expect(response.head).toBe(`HTTP/1.1 200 OK\r\nA: 1\r\n${DATE_LINE}Transfer-Encoding: chunked\r\n\r\n`)
    expect(response.body).toBe('hello')
    expect((await ask(rig.client, get())).body).toBe('hello')
    expect(rig.backend.connections).toHaveLength(2)
  })

  test.each([
    [
      'HEAD',
      'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n',
      `HTTP/1.1 200 OK\r\nContent-Length: 500\r\n${DATE_LINE}\r\n`,
    ],
    [
      'HEAD',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      `HTTP/1.1 200 OK\r\n${DATE_LINE}Transfer-Encoding: chunked\r\n\r\n`,
    ],
    ['HEAD', 'HTTP/1.1 200 OK\r\n\r\n', `HTTP/1.1 200 OK\r\n${DATE_LINE}\r\n`],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', `HTTP/1.1 204 No Content\r\n${DATE_LINE}\r\n`],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', `HTTP/1.1 204 No Content\r\n${DATE_LINE}\r\n`],
    [
      'GET',
      'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
      `HTTP/1.1 204 No Content\r\n${DATE_LINE}\r\n`,
    ],
    [
      'GET',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      `HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n${DATE_LINE}\r\n`,
    ],
    ['GET', 'HTTP/1.1 304 Not Modified\r\n\r\n', `HTTP/1.1 304 Not Modified\r\n${DATE_LINE}\r\n`],
  ])('that %s has not ends with the head %p', async (method, response, head) => {
    await using rig = await startRig({ answer: response })
    const request = `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`
    for (let round = 0; round < 2; round += 1) expect((await ask(rig.client, request)).head).toBe(head)
    expect(rig.backend.connections).toHaveLength(1)
  })
})

describe('interim responses', () => {
  test('end at 64, however many the backend sends', async () => {
    const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n'
    await using rig = await startRig({ answer: `${hint.repeat(64)}${ok('hello')}` })
    rig.client.send(get())
    for (let count = 0; count < 64; count += 1) expect((await nextResponse(rig.client)).status).toBe(103)
    expect((await nextResponse(rig.client)).body).toBe('hello')
    await using endless = await startRig({ answer: hint.repeat(65) })
    endless.client.send(get())
    for (let count = 0; count < 64; count += 1) expect((await nextResponse(endless.client)).status).toBe(103)
    const response = await nextResponse(endless.client)
    expect([response.status, response.body]).toEqual([502, expect.stringContaining('more than 64 interim responses')])
    expect(endless.edge.backend().failures.protocol).toBe(1)
  })

  test('reach the client before the final one', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X-Y\r\nX-Y: 1\r\n\r\n'
    await using rig = await startRig({ answer: `HTTP/1.1 102 Processing\r\n\r\n${hints}${hints}${ok('hello')}` })
    rig.client.send(get())
    const heads: string[] = []
    for (let count = 0; count < 4; count += 1) heads.push((await nextResponse(rig.client)).head)
    expect(heads).toEqual([
      'HTTP/1.1 102 Processing\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n',
      `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${DATE_LINE}\r\n`,
    ])
    expect(rig.edge.backend().responses['2xx']).toBe(1)
  })

  test('go out at once, not with the final response', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    await peer.sendByteByByte('HTTP/1.1 103 Early Hints\r\n\r\n')
    expect((await nextResponse(rig.client)).status).toBe(103)
    peer.send(ok())
    expect((await nextResponse(rig.client)).status).toBe(200)
  })
})

describe('trailers', () => {
  const inChunks = (trailers: string) =>
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(['abc'], trailers)}`

  test('of a request reach the backend, but for forbidden ones', async () => {
    await using rig = await startRig({ answer: ok() })
    const trailers = 'Digest: x\r\nContent-Length: 5\r\nHost: evil\r\nX-Forwarded-For: 9.9.9.9\r\nx-t:  2 \r\n'
    await ask(rig.client, postChunks(['abc'], 'Trailer: Digest\r\n', trailers))
    const request = rig.backend.requests[0]!
    expect(request.rawBody).toBe('3\r\nabc\r\n0\r\nDigest: x\r\nx-t:  2 \r\n\r\n')
    expect(valuesOf(request, 'trailer')).toEqual(['Digest'])
  })

  test('of a response reach a client that takes them, but for forbidden ones', async () => {
    await using rig = await startRig({
      answer: inChunks('Digest: x\r\nSet-Cookie: a\r\nTransfer-Encoding: chunked\r\n'),
    })
    const response = await ask(rig.client, get('/', 'TE: gzip, trailers\r\nConnection: TE\r\n'))
    expect(response.rawBody).toBe('3\r\nabc\r\n0\r\nDigest: x\r\n\r\n')
    const request = rig.backend.requests[0]!
    expect(valuesOf(request, 'te')).toEqual(['trailers'])
    expect(valuesOf(request, 'connection')).toEqual(['TE'])
  })

  test('of a response are kept from a client that does not', async () => {
    await using rig = await startRig({ answer: inChunks('Digest: x\r\n') })
    expect((await ask(rig.client, get())).rawBody).toBe('3\r\nabc\r\n0\r\n\r\n')
    expect(valuesOf(rig.backend.requests[0]!, 'te')).toEqual([])
  })
})
