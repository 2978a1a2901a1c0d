import { describe, expect, test } from 'bun:test'
import type { DeadlineLine } from '../../../core/forward/deadline.ts'
import { forwardedForLines } from '../../../core/forward/client-lines.ts'
import { acceptsTrailers, isUpgrade, requestHeadRoom, writeRequestHead } from '../../../core/forward/rewrite-request.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const ID = 'X-Request-Id: id\r\n'
const writeRequestId = (out: Buffer, at: number): number => at + out.write('id', at, 'latin1')

interface Hop {
  readonly isTrusted?: boolean
  readonly address?: string
  readonly asksUpgrade?: boolean
  readonly hiddenCookie?: string
  readonly hiddenQuery?: string
  readonly deadline?: DeadlineLine
  readonly drops?: readonly string[]
  readonly lines?: string
}

/** The forwarded head, written into a buffer that is just as large as it was said to need, at an odd offset. */
function rewritten(text: string, hop: Hop = {}): string {
  const { isTrusted = false, address = '1.2.3.4', asksUpgrade = false, deadline, drops, lines } = hop
  const head = parseRequest(text)
  const client = { address, isTrusted, scheme: 'http' as const, forwardedFields: forwardedForLines(address) }
  const to = { client, backendHost: '10.0.0.1:80', isUpgrade: asksUpgrade }
  const { hiddenCookie, hiddenQuery } = hop
  const rewrite = { ...to, hiddenCookie, hiddenQuery, writeRequestId, deadline, drops, lines }
  const at = 7
  const out = Buffer.alloc(at + requestHeadRoom(head, rewrite), '!')
  const end = writeRequestHead(out, at, head, rewrite)
  expect(end).toBeLessThanOrEqual(out.length)
  expect(out.toString('latin1', 0, at)).toBe('!'.repeat(at))
  expect(out.toString('latin1', end)).toBe('!'.repeat(out.length - end))
  return out.toString('latin1', at, end)
}

const FORWARDED = 'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n'

describe('writeRequestHead', () => {
  test('adds what a gateway must say behind the fields', () => {
    expect(rewritten('GET /x?y HTTP/1.1\r\nhOsT:  a \r\nB: \xff\r\n\r\n')).toBe(
      `GET /x?y HTTP/1.1\r\nhOsT:  a \r\nB: \xff\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}\r\n`,
    )
  })

  test('puts lines of ours in the place of what the client says in these fields', () => {
    const lines = `X-User: ann\r\nX-Note: ${'\xe9'.repeat(600)}\r\n`
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nX-USER: bob\r\nX_User: eve\r\nX-Users: c\r\nX-User: d\r\n\r\n'
    expect(rewritten(text, { drops: ['x-user'], lines })).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nX-Users: c\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}${lines}\r\n`,
    )
  })

  test.each([
    ['GET /a?key=1&b=%20 HTTP/1.0', 'GET /a?b=%20 HTTP/1.1'],
    ['GET /a?key=1 HTTP/1.1', 'GET /a HTTP/1.1'],
    ['GET /a HTTP/1.1', 'GET /a HTTP/1.1'],
    ['GET http://a?key=1 HTTP/1.1', 'GET / HTTP/1.1'],
    ['GET http://a/b?c&key=1 HTTP/1.1', 'GET /b?c HTTP/1.1'],
    ['OPTIONS http://a HTTP/1.1', 'OPTIONS * HTTP/1.1'],
    ['OPTIONS * HTTP/1.1', 'OPTIONS * HTTP/1.1'],
  ])('hides a pair of the query: %s', (line, written) => {
    const [first] = rewritten(`${line}\r\nHost: a\r\n\r\n`, { hiddenQuery: 'key' }).split('\r\n')
    expect(first).toBe(written)
  })

  test('speaks HTTP/1.1 for an old client and gives it a Host', () => {
    expect(rewritten('GET / HTTP/1.0\r\nExpect: 100-continue\r\nB: 1\r\n\r\n')).toBe(
      'GET / HTTP/1.1\r\nB: 1\r\nHost: 10.0.0.1:80\r\nVia: 1.0 smartedge\r\n' +
        `X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\n${ID}\r\n`,
    )
  })

  test('writes a head without any field', () => {
    expect(rewritten('GET / HTTP/1.0\r\n\r\n')).toStartWith('GET / HTTP/1.1\r\nHost: 10.0.0.1:80\r\n')
  })

  test('answers a higher minor version as 1.1', () => {
    expect(rewritten('GET / HTTP/1.9\r\nHost: a\r\n\r\n')).toStartWith('GET / HTTP/1.1\r\nHost: a\r\n')
  })

  test('keeps a cookie of ours from the backend, and writes the others at the end', () => {
    expect(
      rewritten('GET / HTTP/1.1\r\nHost: a\r\ncOOkie:a=1;own=2; b=3\r\nB: 1\r\n\r\n', { hiddenCookie: 'own' }),
    ).toBe(`GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\ncOOkie:a=1;b=3\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}\r\n`)
  })

  test('leaves Cookie fields alone that do not hold it', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nCookie:  xown=1; own; OWN=2 ;\r\nB: 1\r\n'
    expect(rewritten(`${text}\r\n`, { hiddenCookie: 'own' })).toStartWith(text)
  })

  test('has room for as many Cookie fields without white space as a head may have', () => {
    const lines = 'Cookie:own=2;a\r\n'.repeat(200)
    const text = rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, { hiddenCookie: 'own' })
    expect(text.split('Cookie:a\r\n')).toHaveLength(201)
  })

  test.each([
    ['at the start', 'Connection: x\r\nTE: gzip\r\nHost: a\r\nB: 1\r\n'],
    ['in the middle', 'Host: a\r\nKeep-Alive: 1\r\nUpgrade: x\r\nProxy-Connection: x\r\nB: 1\r\n'],
    ['at the end', 'Host: a\r\nB: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n'],
  ])('drops hop-by-hop fields %s', (_, lines) => {
    const text = rewritten(`GET / HTTP/1.1\r\n${lines}\r\n`)
    expect(text).toStartWith('GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nVia: 1.1 smartedge\r\n')
    expect(text.endsWith(`${ID}Transfer-Encoding: chunked\r\n\r\n`)).toBe(lines.includes('chunked'))
  })

  test('drops every field that Connection names, but no protected one', () => {
    const lines =
      'Connection: b, HOST,, \tcontent-length , via\r\nHost: a\r\nB: 1\r\nb: 2\r\nBB: 3\r\nVia: x\r\nContent-Length: 0\r\n'
    expect(rewritten(`GET / HTTP/1.1\r\n${lines}Connection: c\r\nC: 1\r\n\r\n`)).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nBB: 3\r\nVia: x\r\nContent-Length: 0\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}\r\n`,
    )
  })

  test('says a repeated length once', () => {
    const text = rewritten('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nB: 1\r\nContent-Length: 3\r\n\r\n')
    expect(text).toStartWith('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nB: 1\r\nVia: ')
  })

  test('takes Host from an absolute target and forwards the rest of it', () => {
    const text = rewritten('GET HTTP://b:8/x HTTP/1.1\r\nHost: a\r\nB: 1\r\n\r\n')
    expect(text).toStartWith('GET /x HTTP/1.1\r\nB: 1\r\nHost: b:8\r\nVia: ')
    expect(text).toContain('\r\nX-Forwarded-Host: b:8\r\n')
  })

  test.each([
    ['GET', 'http://b', '/'],
    ['GET', 'http://b/', '/'],
    ['GET', 'http://b?', '/?'],
    ['GET', 'http://b?x=http://c/', '/?x=http://c/'],
    ['GET', 'https://b:1//a/../%2F;\xff?x??y', '//a/../%2F;\xff?x??y'],
    ['OPTIONS', 'http://b', '*'],
    ['OPTIONS', 'http://b/', '/'],
    ['OPTIONS', 'http://b?', '/?'],
    ['OPTIONSX', 'http://b', '/'],
  ])('forwards %s %s as %s', (method, target, expected) => {
    for (const [version, fields] of [
      ['1.1', 'Host: a\r\n'],
      ['1.0', ''],
    ]) {
      const text = rewritten(`${method} ${target} HTTP/${version}\r\n${fields}TE: x\r\nB: 1\r\n\r\n`)
      expect(text).toStartWith(`${method} ${expected} HTTP/1.1\r\nB: 1\r\nHost: b`)
    }
  })

  test('keeps the asterisk of OPTIONS', () => {
    expect(rewritten('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')).toStartWith('OPTIONS * HTTP/1.1\r\nHost: a\r\nVia: ')
  })

  test('says no X-Forwarded-Host for an empty Host', () => {
    expect(rewritten('GET / HTTP/1.1\r\nHost: \r\n\r\n')).not.toContain('X-Forwarded-Host')
  })

  const told = 'x-forwarded-for: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-FORWARDED-HOST: evil\r\n'

  test('replaces what an untrusted peer says of the client', () => {
    expect(rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${told}${told}\r\n`)).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}\r\n`,
    )
  })

  const passing = [
    'Forwarded: for=6.6.6.6;proto=https',
    'X-Forwarded-Port: 443',
    'X-Forwarded-Prefix: /evil',
    'x-forwarded-ssl: on',
    'X-Forwarded-Foo: 1',
    'X-Forwarded: 1',
    'X-Real-IP: 6.6.6.6',
    'X-Client-IP: 6.6.6.6',
    'True-Client-IP: 6.6.6.6',
    'CF-Connecting-IP: 6.6.6.6',
    'Client-Cert: :MIIB:',
    'X-Original-URL: /admin',
  ]
  test.each(passing)('passes %s on from a trusted peer only', (line) => {
    const text = `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\nB: 1\r\n${line}\r\n\r\n`
    expect(rewritten(text)).toBe(`GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}\r\n`)
    expect(rewritten(text, { isTrusted: true })).toStartWith(
      `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\nB: 1\r\n${line}\r\nVia: `,
    )
  })

  test.each([false, true])('never passes Proxy on, trusted: %p', (isTrusted) => {
    const text = rewritten('GET / HTTP/1.1\r\nHost: a\r\nPROXY: http://evil\r\nproxy: x\r\nProxyx: 1\r\n\r\n', {
      isTrusted,
    })
    expect(text).toStartWith('GET / HTTP/1.1\r\nHost: a\r\nProxyx: 1\r\nVia: ')
  })

  test.each([false, true])('drops what a backend could take for a field of ours, trusted: %p', (isTrusted) => {
    const disguised =
      'X_Forwarded_For: 6.6.6.6\r\nx-forwarded_proto: https\r\nContent_Length: 5\r\nX_A: 1\r\nX_Real_IP: 6.6.6.6\r\n' +
      'X_Forwarded_Port: 1\r\n'
    const head = rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${disguised}\r\n`, { isTrusted })
    expect(head).toBe(`GET / HTTP/1.1\r\nHost: a\r\nX_A: 1\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}\r\n`)
  })

  test('extends what a trusted peer says of the client', () => {
    const more = 'X-Forwarded-For:\r\nX-Forwarded-For: 8.8.8.8 , 7.7.7.7\t\r\n'
    const text = rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${told}${more}\r\n`, { isTrusted: true })
    expect(text).toBe(
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-FORWARDED-HOST: evil\r\nVia: 1.1 smartedge\r\n' +
        `X-Forwarded-For: 9.9.9.9, 8.8.8.8 , 7.7.7.7, 1.2.3.4\r\n${ID}\r\n`,
    )
  })

  test('tells for a trusted peer what it left out', () => {
    expect(rewritten('GET / HTTP/1.1\r\nHost: a\r\n\r\n', { isTrusted: true })).toContain(FORWARDED)
  })

  test('calls a peer on a Unix socket unknown', () => {
    for (const isTrusted of [true, false]) {
      expect(rewritten('GET / HTTP/1.1\r\nHost: a\r\n\r\n', { isTrusted, address: '' })).toContain(
        'X-Forwarded-For: unknown\r\n',
      )
    }
  })

  test('adds nothing to the list of a trusted peer on a Unix socket', () => {
    const text = rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${told}X-Forwarded-For: 8.8.8.8\r\n\r\n`, {
      isTrusted: true,
      address: '',
    })
    expect(text).toContain('\r\nX-Forwarded-For: 9.9.9.9, 8.8.8.8\r\n')
  })

  test('keeps the request id that is there, even an empty one', () => {
    for (const value of [' mine', '']) {
      const text = rewritten(`GET / HTTP/1.1\r\nHost: a\r\nx-request-id:${value}\r\n\r\n`)
      expect(text.match(/x-request-id/gi)).toHaveLength(1)
      expect(text).toContain(`\r\nx-request-id:${value}\r\n`)
    }
  })

  test.each([
    ['TRACE', '1', '0'],
    ['OPTIONS', '10', '9'],
    ['OPTIONS', '99999', '255'],
  ])('counts the forwards of %s with %s left down to %s', (method, value, left) => {
    const text = rewritten(
      `${method} / HTTP/1.1\r\nHost: a\r\nMAX-forwards:${value}\r\nB: 1\r\nMax-Forwards: 7\r\n\r\n`,
    )
    expect(text).toStartWith(`${method} / HTTP/1.1\r\nHost: a\r\nB: 1\r\nVia: `)
    expect(text).toEndWith(`\r\nMax-Forwards: ${left}\r\n\r\n`)
  })

  test.each([
    ['GET', '1'],
    ['TRACE', 'x'],
  ])('leaves the forwards of %s alone when they are %s', (method, value) => {
    const line = `Max-Forwards: ${value}\r\n`
    const text = rewritten(`${method} / HTTP/1.1\r\nHost: a\r\n${line}\r\n`)
    expect(text.split(line)).toHaveLength(2)
    expect(text.match(/max-forwards/gi)).toHaveLength(1)
  })

  test('tells of a deadline in place of all that the client says of it', () => {
    const deadline = { field: 'grpc-timeout', value: '250m' } as const
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nGrpc-Timeout: 1S\r\nB: 1\r\ngrpc-timeout: 2S\r\n\r\n'
    expect(rewritten(text, { deadline })).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nVia: 1.1 smartedge\r\n${FORWARDED}${ID}grpc-timeout: 250m\r\n\r\n`,
    )
    expect(rewritten(text)).toContain('Grpc-Timeout: 1S\r\nB: 1\r\ngrpc-timeout: 2S\r\n')
  })

  test('asks for trailers when the client does', () => {
    for (const lines of ['TE: x, Trailers\r\n', 'Connection: TE\r\nTE: x\r\nTE: Trailers\r\n']) {
      const text = rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)
      expect(text).toEndWith(`${ID}TE: trailers\r\nConnection: TE\r\n\r\n`)
    }
  })

  test('asks for the upgrade when told to', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a/1, b\r\nTE: trailers\r\n\r\n'
    expect(rewritten(text, { asksUpgrade: true })).toEndWith(`${ID}Connection: Upgrade\r\nUpgrade: a/1, b\r\n\r\n`)
  })

  test('asks for the protocols of the first Upgrade line only', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\nUpgrade: h2c\r\n\r\n'
    expect(rewritten(text, { asksUpgrade: true })).not.toContain('h2c')
  })

  test.each([true, false])('stays within its room for the worst of heads (trusted: %p)', (isTrusted) => {
    const address = `${'1234:'.repeat(8)}1.2.3.4`
    const many = 'X-Forwarded-For:a\r\n'.repeat(255)
    rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`, { isTrusted, address })
    const authority = `${'a'.repeat(255)}:65535`
    rewritten(`GET / HTTP/1.1\r\nHost: ${authority}\r\nTE: trailers\r\n\r\n`, { isTrusted, address })
    rewritten(`PUT http://${authority} HTTP/1.0\r\nContent-Length: 0\r\n\r\n`, { isTrusted, address })
    rewritten(`PUT http://${authority} HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n`, { isTrusted, address })
    const upgrade = `Connection: Upgrade\r\nUpgrade: ${'a'.repeat(60_000)}\r\n`
    rewritten(`GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`, { isTrusted, address, asksUpgrade: true })
  })
})

describe('isUpgrade', () => {
  const asks = (lines: string, version = '1.1', method = 'GET') =>
    isUpgrade(parseRequest(`${method} / HTTP/${version}\r\nHost: a\r\n${lines}\r\n`))

  test.each([
    'Connection: Upgrade\r\nUpgrade: websocket\r\n',
    'connection: keep-alive, UPGRADE\r\nupgrade: TLS/1.0, x\r\n',
    'Connection: x\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n',
  ])('holds for %p', (lines) => expect(asks(lines)).toBe(true))

  test.each([
    '',
    'Upgrade: websocket\r\n',
    'Connection: Upgrade\r\n',
    'Connection: Upgrade\r\nUpgrade:\r\n',
    'Connection: Upgrade\r\nUpgrade: h2c\r\n',
    'Connection: Upgrade\r\nUpgrade: websocket,H2C\r\n',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n',
  ])('does not hold for %p', (lines) => expect(asks(lines)).toBe(false))

  test('does not hold for HTTP/1.0', () =>
    expect(asks('Connection: Upgrade\r\nUpgrade: websocket\r\n', '1.0')).toBe(false))
})

describe('acceptsTrailers', () => {
  test.each([
    ['TE: trailers\r\n', true],
    ['te: gzip;q=0.5 , TRAILERS\r\n', true],
    ['TE: gzip\r\nTE: trailers\r\n', true],
    ['', false],
    ['TE:\r\n', false],
    ['TE: trailersx\r\n', false],
    ['TE: gzip\r\n', false],
  ])('for %p is %p', (lines, accepts) => {
    expect(acceptsTrailers(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`))).toBe(accepts)
  })

  test('is false for HTTP/1.0', () => {
    expect(acceptsTrailers(parseRequest('GET / HTTP/1.0\r\nTE: trailers\r\n\r\n'))).toBe(false)
  })
})
