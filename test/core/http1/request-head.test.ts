import { describe, expect, test } from 'bun:test'
import { bytesOf, limits } from '../../support/http1-bytes.ts'
import { parseRequest, readRequest } from '../../support/http1-heads.ts'
import { viewRequest } from '../../support/http1.ts'
import { expectRequest, expectRequestRefused } from '../../support/http1-cases.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'

const withLine = (line: string): string => `${line}\r\nHost: a.example\r\n\r\n`
const withTarget = (target: string): string => withLine(`GET ${target} HTTP/1.1`)

describe('request line', () => {
  const methods = ['GET', 'POST', 'OPTIONS', 'PURGE', 'M-SEARCH', 'get', 'X', "!#$%&'*+-.^_`|~09azAZ", 'A'.repeat(64)]
  test.each(methods)('takes the method %p as it came', (method) => {
    expectRequest(withLine(`${method} /p HTTP/1.1`), { method, target: '/p', minorVersion: 1 })
  })

  const noMethods = [
    '',
    ' ',
    '\t',
    'GE T',
    'G:T',
    'G(T',
    'G\x7fT',
    'G\0T',
    'G\xc9T',
    '"GET"',
    'GET\t',
    '\u0016\u0003\u0001\u0002\0',
  ]
  test.each(noMethods)('refuses %p as a method', (method) => {
    expectRequestRefused(withLine(`${method} / HTTP/1.1`), /request line|method token/)
  })

  test('refuses CONNECT whatever its target', () => {
    for (const target of ['a.example:443', '/', '*', 'http://a.example/']) {
      expectRequestRefused(withLine(`CONNECT ${target} HTTP/1.1`), /CONNECT/, 501)
    }
  })

  const targets = [
    '/',
    '//',
    '/a/../b',
    '/./',
    '/%2F%2e%2E%00',
    '/a;b=c',
    '/?',
    '/a?',
    '/a??b',
    '/?x=1&y=/z?#'.slice(0, -1),
  ]
  const oddTargets = [
    '/\x80\xff',
    '/"<>\\^`{|}',
    '/a:80',
    '/@',
    '//evil.example/',
    '/http://x/',
    `/${'a'.repeat(9000)}`,
  ]
  test.each([...targets, ...oddTargets])('keeps the bytes of the target %p', (target) => {
    expectRequest(withTarget(target), { target })
  })

  test.each(['/#', '/a#b', '/\x7f', '/a\tb', '/a\0', '/a b', ' /', '/ ', '', '/\x0b'])(
    'refuses the target %p',
    (target) => {
      expectRequestRefused(withTarget(target), /request line/)
    },
  )

  test.each([
    'a',
    '?x',
    '%2F',
    '\\',
    'a.example',
    'a.example:80',
    'ftp://a/',
    'http:/a',
    'http:a',
    'http//a',
    '**',
    '*/',
    'ws://a/',
  ])('refuses %p as no form of a target', (target) => {
    expectRequestRefused(withTarget(target), /begin with \/ or be an absolute http URL/)
  })

  test('takes * for OPTIONS only', () => {
    expectRequest(withLine('OPTIONS * HTTP/1.1'), { target: '*' })
    expect(parseRequest(withLine('OPTIONS * HTTP/1.1')).path).toBe('*')
    for (const method of ['GET', 'options', 'OPTION', 'OPTIONSX']) {
      expectRequestRefused(withLine(`${method} * HTTP/1.1`), /\* belongs to OPTIONS/)
    }
  })

  test.each([
    ['HTTP/1.1', 1],
    ['HTTP/1.0', 0],
    ['HTTP/1.2', 1],
    ['HTTP/1.9', 1],
  ])('takes %s as minor version %d', (version, minorVersion) => {
    expectRequest(withLine(`GET / ${version}`), { minorVersion })
  })

  test.each(['HTTP/2.0', 'HTTP/0.9', 'HTTP/3.0', 'HTTP/9.9', 'HTTP/0.0'])('answers %s with 505', (version) => {
    expectRequestRefused(withLine(`GET / ${version}`), /HTTP\/1\.x/, 505)
  })

  const versions = [
    '',
    ' HTTP/1.1',
    'http/1.1',
    'Http/1.1',
    'HTTP/1',
    'HTTP/2',
    'HTTP/1.',
    'HTTP/.1',
    'HTTP/11',
    'HTTP/1.10',
  ]
  const oddVersions = [
    'HTTP/01.1',
    'HTTP/1.1 ',
    'HTTP/1.1\t',
    'HTTP/-1.1',
    'HTTP/1,1',
    'HTTP/a.1',
    'HTTP/1.x',
    'HTTPS/1.1',
    'ICY',
    '\0',
  ]
  test.each([...versions, ...oddVersions])('refuses the version %p', (version) => {
    expectRequestRefused(withLine(`GET / ${version}`), /end in HTTP\/1\.1 or HTTP\/1\.0/)
  })

  const noLines = [
    ['without a version', 'GET /'],
    ['without a target', 'GET HTTP/1.1'],
    ['with nothing but a method', 'GET'],
    ['with two spaces behind the method', 'GET  / HTTP/1.1'],
    ['with two spaces behind the target', 'GET /  HTTP/1.1'],
    ['with tabs', 'GET\t/\tHTTP/1.1'],
    ['with a leading space', ' GET / HTTP/1.1'],
    ['with a bare CR in it', 'GET /\r HTTP/1.1'],
    ['with a CR before its CRLF', 'GET / HTTP/1.1\r'],
  ] as const
  test.each(noLines)('is refused %s', (_, line) => {
    expectRequestRefused(withLine(line), /request line|method token|begin with \/|followed by LF/)
  })

  test('is refused when it ends in a bare LF', () => {
    expectRequestRefused('GET / HTTP/1.1\nHost: a\r\n\r\n', /CRLF/)
    expectRequestRefused('GET /\nHost: a\r\n\r\n', /single spaces/)
  })

  test.each(['HTTP/', 'HTTP/1', 'HTTP/1.', 'HTTP/11', 'HTTP'])(
    'is refused when its head ends short after %s',
    (version) => {
      expectRequestRefused(`GET / ${version}\r\n\r\n`, /end in HTTP\/1\.1 or HTTP\/1\.0/)
    },
  )

  test('may stand behind one empty line but not two', () => {
    expectRequest(`\r\n${withTarget('/late')}`, { method: 'GET', target: '/late' })
    expectRequestRefused(`\r\n\r\n${withTarget('/')}`, /method token/)
    expectRequestRefused(`\n${withTarget('/')}`, /method token/)
    expectRequestRefused(`\r${withTarget('/')}`, /method token|followed by LF/)
  })

  test('is refused at once when it is a TLS hello', () => {
    const hello = bytesOf('\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03')
    expect(readRequest([hello])).toMatchObject({ kind: 'refused', status: 400 })
    expect(readRequest([hello.subarray(0, 1)])).toMatchObject({ kind: 'refused', status: 400 })
  })
})

describe('path and query', () => {
  test.each([
    ['/', '/', undefined],
    ['/a/b', '/a/b', undefined],
    ['/a?', '/a', ''],
    ['/a?b?c', '/a', 'b?c'],
    ['/%3F?x', '/%3F', 'x'],
    ['http://b.example', '/', undefined],
    ['http://b.example?x', '/', 'x'],
    ['http://b.example/a?x', '/a', 'x'],
    ['HTTPS://b.example/a', '/a', undefined],
  ])('of %s are found', (target, path, query) => {
    const head = parseRequest(withTarget(target))
    expect(head.path).toBe(path)
    expect(head.query).toBe(query)
  })
})

describe('hasField', () => {
  const head = parseRequest('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a:  \xfc \r\nX-B:\r\n\r\n')

  test.each([
    ['x-a', '1', true],
    ['x-a', '\xfc', true],
    ['x-a', '', false],
    ['x-a', '1, \xfc', false],
    ['x-b', '', true],
    ['x-c', '', false],
    ['host', 'a', true],
    ['host', 'A', false],
  ])('of %s with %p is %p', (name, value, expected) => {
    expect(head.hasField(name, value)).toBe(expected)
  })
})

describe('wantsKeepAlive', () => {
  test.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: close\r\n', false],
    ['HTTP/1.1', 'connection: x , CLOSE\r\n', false],
    ['HTTP/1.1', 'Connection: keep-alive\r\nConnection: close\r\n', false],
    ['HTTP/1.1', 'Connection: keep-alive, close\r\n', false],
    ['HTTP/1.1', 'Connection: closed\r\n', true],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
    ['HTTP/1.0', 'Connection: keep-alive, close\r\n', false],
    ['HTTP/1.0', 'Connection: upgrade\r\n', false],
  ])('of %s with %p is %p', (version, line, expected) => {
    expect(parseRequest(`GET / ${version}\r\nHost: a\r\n${line}\r\n`).wantsKeepAlive).toBe(expected)
  })
})

describe('RequestHead', () => {
  test('forgets one message when it reads the next', () => {
    const first =
      'POST http://b.example:1/p?q HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive\r\nTE: x\r\n\r\n'
    const second = withTarget('/second')
    const reused = new RequestHead(limits.maxFields)
    const bytes = bytesOf(first + second)
    const end = reused.parse(bytes, 0, bytes.length, limits)
    expect(end).toBe(first.length)
    expect(reused.host).toBe('b.example')
    expect(reused.parse(bytes, end, bytes.length, limits)).toBe(bytes.length)
    expect(viewRequest(reused)).toEqual(viewRequest(parseRequest(second)))
    expect(reused.host).toBe('a.example')
    expect(reused.wantsKeepAlive).toBe(true)
    expect(reused.authorityStart).toBe(-1)
  })

  test('forgets a refused message', () => {
    const reused = new RequestHead(limits.maxFields)
    const bad = bytesOf(
      'POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n',
    )
    expect(() => reused.parse(bad, 0, bad.length, limits)).toThrow('one Host')
    const good = withTarget('/')
    reused.parse(bytesOf(good), 0, good.length, limits)
    expect(viewRequest(reused)).toEqual(viewRequest(parseRequest(good)))
  })
})
