import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { ask, get, post } from '../support/raw-client.ts'
import { type RawRequest, valuesOf } from '../support/raw-message.ts'
import { startRig, type RigOptions } from '../support/rig.ts'
import { DATE_LINE } from '../support/virtual-clock.ts'

/** What the backend gets when a client sends this. */
async function forwarded(request: string, options: RigOptions = {}): Promise<RawRequest> {
  await using rig = await startRig({ answer: ok(), ...options })
  const { status } = await ask(rig.client, request)
  expect(status).toBe(200)
  return rig.backend.requests[0]!
}

const trusting = { config: { trustedProxies: ['127.0.0.1/32'] } }

describe('a request on its way', () => {
  test('gains what a gateway must say and keeps the rest', async () => {
    const { head } = await forwarded(get('/a', 'X-b: 1\r\n'))
    expect(head.replace(/X-Request-Id: [0-9a-f]{24}\r\n/, 'X-Request-Id: ?\r\n')).toBe(
      'GET /a HTTP/1.1\r\nHost: a\r\nX-b: 1\r\nVia: 1.1 smartedge\r\nX-Forwarded-For: 127.0.0.1\r\n' +
        'X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nX-Request-Id: ?\r\n\r\n',
    )
  })

  test.each([
    '/a%2Fb',
    '//a//b',
    '/a/../b/./c',
    '/a;b=c;d',
    '/a?',
    '/?a=b&a=b??',
    '/%zz%',
    '/\xe9\xff\x80',
    '/"<>\\^`{|}',
    `/${'a'.repeat(16 * 1024 - 1)}`,
  ])('keeps the bytes of the target %p', async (target) => {
    expect((await forwarded(get(target))).target).toBe(target)
  })

  test.each(['PURGE', 'get', 'M-SEARCH', "!#$%&'*+-.^_`|~09aZ", 'A'.repeat(64)])(
    'keeps the method %p',
    async (method) => {
      expect((await forwarded(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)).method).toBe(method)
    },
  )

  test('keeps order, case, repeats, spaces and bytes above 0x7f of fields', async () => {
    const lines = 'x-B: 1\r\nX-a:2\r\nX-b:\t 3 \t\r\nEmpty:\r\nCookie: a=\xff\xe9\r\nX-A: \x80\r\ncookie: b\r\n'
    expect((await forwarded(get('/', lines))).head).toContain(`\r\n${lines}Via: `)
  })

  test('loses hop-by-hop fields and those that Connection names', async () => {
    const hop =
      'Connection: keep-alive, X-Mine,, \r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n' +
      'TE: gzip\r\nUpgrade: h2c\r\nx-mine: 1\r\nX-MINE: 2\r\nconnection: x-other\r\nX-Other: 1\r\n'
    const { head } = await forwarded(get('/', `A: 1\r\n${hop}B: 2\r\n`))
    expect(head).toContain('Host: a\r\nA: 1\r\nB: 2\r\nVia: ')
    expect(head).not.toMatch(/connection|keep-alive|upgrade|^te:|mine|x-other/im)
  })

  test.each(['@odd@', 'close;', '"close", X!Y/', 'x-a b, (x)'])(
    'is unharmed by a Connection that lists %s',
    async (odd) => {
      const { head } = await forwarded(get('/', `A: 1\r\nConnection: ${odd}, X-Mine\r\nX-Mine: 1\r\nB: 2\r\n`))
      expect(head).toContain('Host: a\r\nA: 1\r\nB: 2\r\nVia: ')
    },
  )

  test('keeps what Connection may not name away', async () => {
    const names = 'Host, Content-Length, Via, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Request-Id'
    const request = await forwarded(post('abc', '/', `Via: 1.0 x\r\nX-Request-Id: mine\r\nConnection: ${names}\r\n`))
    expect(valuesOf(request, 'host')).toEqual(['a'])
    expect(valuesOf(request, 'content-length')).toEqual(['3'])
    expect(valuesOf(request, 'via')).toEqual(['1.0 x', '1.1 smartedge'])
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['http'])
    expect(valuesOf(request, 'x-forwarded-host')).toEqual(['a'])
    expect(valuesOf(request, 'x-request-id')).toEqual(['mine'])
    expect(request.body).toBe('abc')
  })

  test('keeps its framing when Connection names Transfer-Encoding', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n'
    const request = await forwarded(`${head}3\r\nabc\r\n0\r\n\r\n`)
    expect(valuesOf(request, 'transfer-encoding')).toEqual(['chunked'])
    expect(request.body).toBe('abc')
  })

  test('is given the peer as its client unless the peer is trusted', async () => {
    const told = 'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nx-forwarded-host: b\r\n'
    const request = await forwarded(get('/', told + told))
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['http'])
    expect(valuesOf(request, 'x-forwarded-host')).toEqual(['a'])
  })

  const told = [
    ['Forwarded', 'for=1.2.3.4'],
    ['X-Forwarded-Port', '444'],
    ['X-Forwarded-Made-Up', 'x'],
    ['X-Real-IP', '1.2.3.4'],
    ['CF-Connecting-IP', '1.2.3.4'],
  ] as const
  test.each(told)('carries the %s of a trusted peer and of nobody else', async (name, value) => {
    const request = get('/', `${name}: ${value}\r\n`)
    expect(valuesOf(await forwarded(request), name.toLowerCase())).toEqual([])
    expect(valuesOf(await forwarded(request, trusting), name.toLowerCase())).toEqual([value])
  })

  test('never carries Proxy', async () => {
    const request = get('/', 'Proxy: http://evil.example\r\n')
    for (const options of [{}, trusting]) expect((await forwarded(request, options)).head).not.toMatch(/^proxy:/im)
  })

  test('has the list of a trusted peer extended', async () => {
    const told =
      'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\nx-forwarded-for: 5.6.7.8\r\n'
    const request = await forwarded(get('/', told), trusting)
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['1.2.3.4, 5.6.7.8, 127.0.0.1'])
    expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['https'])
    expect(valuesOf(request, 'x-forwarded-host')).toEqual(['b'])
  })

  test('gets an id of its own, or keeps the one it has', async () => {
    const answer = ok()
    await using rig = await startRig({ answer })
    for (const lines of ['', '', 'x-request-id: abc\r\n']) await ask(rig.client, get('/', lines))
    const ids = rig.backend.requests.map((request) => valuesOf(request, 'x-request-id'))
    expect(ids).toEqual([[expect.stringMatching(/^[0-9a-f]{24}$/)], [expect.stringMatching(/^[0-9a-f]{24}$/)], ['abc']])
    expect(ids[0]).not.toEqual(ids[1])
  })

  test('takes its host from an absolute target', async () => {
    const request = await forwarded('GET http://b.example:81/x?y HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n')
    expect(request.target).toBe('/x?y')
    expect(valuesOf(request, 'host')).toEqual(['b.example:81'])
    expect(valuesOf(request, 'x-forwarded-host')).toEqual(['b.example:81'])
  })

  test('may ask for the options of the whole server', async () => {
    const request = await forwarded('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')
    expect([request.method, request.target]).toEqual(['OPTIONS', '*'])
  })

  test('is whole when it arrives byte by byte', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    await rig.client.sendByteByByte(post('abc', '/x', 'A: 1\r\n'))
    const response = await ask(rig.client, '')
    expect(response.body).toBe('hello')
    expect(rig.backend.requests[0]).toMatchObject({ target: '/x', body: 'abc' })
  })
})

describe('a response on its way', () => {
  /** What the client gets when the backend answers a GET with this. */
  async function answered(response: string): Promise<string> {
    await using rig = await startRig({ answer: response })
    return (await ask(rig.client, get())).head
  }

  test('keeps order, case, repeats, spaces and bytes above 0x7f of fields', async () => {
    const head =
      'HTTP/1.1 299 Odd \xff reason\r\nset-cookie: a=\xe9\r\nX-b:1\r\nSet-Cookie:  b \r\nx-B: \x80\r\nContent-Length: 0\r\nDate: x\r\n\r\n'
    expect(await answered(head)).toBe(head)
  })

  test('is dated when its backend has not done so, and when it is our own', async () => {
    expect(await answered(ok())).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${DATE_LINE}\r\n`)
    expect(await answered(ok('', 'date: x\r\n'))).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\ndate: x\r\n\r\n')
    expect(await answered('nonsense\r\n\r\n')).toMatch(new RegExp(`^HTTP/1.1 502 [^]*\r\n${DATE_LINE}\r\n$`))
    await using rig = await startRig()
    expect((await ask(rig.client, 'GET / HTTP/1.1\r\n\r\n')).head).toContain(DATE_LINE)
    expect((await ask(await rig.connect(), get('/', 'Connection: close\r\nContent-Length: x\r\n'))).head).toContain(
      DATE_LINE,
    )
  })

  test('keeps an empty reason and a missing one', async () => {
    expect(await answered('HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n')).toStartWith('HTTP/1.1 200 \r\n')
    expect(await answered('HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n')).toStartWith('HTTP/1.1 200\r\n')
  })

  test('loses hop-by-hop fields and those that Connection names', async () => {
    const hop =
      'Connection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nX-Mine: 1\r\nTE: x\r\nUpgrade: h2c\r\n'
    expect(await answered(`HTTP/1.1 200 OK\r\nA: 1\r\n${hop}Content-Length: 0\r\nB: 2\r\n\r\n`)).toBe(
      `HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 0\r\nB: 2\r\n${DATE_LINE}\r\n`,
    )
  })

  test('keeps its length when Connection names it', async () => {
    expect(await answered('HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nok')).toBe(
      `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${DATE_LINE}\r\n`,
    )
  })

  test('says its length once', async () => {
    expect(await answered('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: 1\r\ncontent-length: 02\r\n\r\nok')).toBe(
      `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: 1\r\n${DATE_LINE}\r\n`,
    )
  })

  test('is whole when the backend sends it byte by byte', async () => {
    const response = 'HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
    await using rig = await startRig({ answer: ({ peer }) => void peer.sendByteByByte(response) })
    const { head, body } = await ask(rig.client, get())
    expect(head).toBe(`HTTP/1.1 200 OK\r\nA: 1\r\n${DATE_LINE}Transfer-Encoding: chunked\r\n\r\n`)
    expect(body).toBe('abc')
  })
})
