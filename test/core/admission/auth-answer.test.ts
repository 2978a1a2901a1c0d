import { describe, expect, test } from 'bun:test'
import { judge } from '../../../core/admission/auth-answer.ts'
import type { Answer } from '../../../core/net/ask.ts'
import { answered, answeredAtLength, failure } from '../../support/fake-ask.ts'

const admitted = (pass: object, user?: string) =>
  ({ kind: 'decided', verdict: { kind: 'admitted', pass }, ...(user !== undefined && { user }) }) as never
const refused = (problem: object) =>
  ({
    kind: 'decided',
    verdict: {
      kind: 'refused',
      problem: { detail: 'the auth service refuses this request', ...problem },
      reason: 'forward-auth',
    },
  }) as never

describe('an answer of 2xx', () => {
  test.each([200, 202, 204, 299])('%d lets the request in', (status) => {
    expect(judge(answered(status, [['x-a', '1']]), [])).toEqual(admitted({}))
  })

  test('tells the backend what was asked for, and drops what the client says in it', () => {
    const fields = [
      ['Remote-User', 'ann'],
      ['Remote-Groups', 'a'],
      ['Remote-Groups', 'b'],
      ['X-Other', '1'],
    ] as const
    expect(judge(answered(200, fields), ['remote-user', 'remote-groups', 'remote-name', 'x_name'])).toEqual(
      admitted(
        {
          requestDrops: ['remote-user', 'remote-groups', 'remote-name', 'x-name'],
          requestLines: 'remote-user: ann\r\nremote-groups: a, b\r\n',
        },
        'ann',
      ),
    )
  })

  test('passes cookies on to the client, each in a line of its own, and bytes beyond ASCII as they are', () => {
    const fields = [
      ['Set-Cookie', 'a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT'],
      ['Set-Cookie', 'b=2'],
      ['Remote-Name', 'Zo\xc3\xab'],
    ] as const
    expect(judge(answered(200, fields), ['remote-name'])).toEqual(
      admitted(
        {
          requestDrops: ['remote-name'],
          requestLines: 'remote-name: Zo\xc3\xab\r\n',
          responseLines: 'Set-Cookie: a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT\r\nSet-Cookie: b=2\r\n',
        },
        'Zo\xc3\xab',
      ),
    )
  })

  test.each([
    [['remote-user', 'remote-name'], 'ann'],
    [['remote-name', 'remote-user'], 'Ann B'],
    [['remote-none', 'remote-empty', 'remote-user'], 'ann'],
    [['authorization', 'cookie', 'x-access-token', 'remote-user'], 'ann'],
    [['authorization', 'remote-none'], undefined],
    [[], undefined],
  ])('with %j says that it is %j', (names, user) => {
    const fields = [
      ['Remote-User', 'ann'],
      ['Remote-Name', 'Ann B'],
      ['Remote-Empty', ''],
      ['Authorization', 'Bearer x'],
      ['Cookie', 'a=1'],
      ['X-Access-Token', 'x'],
    ] as const
    const judged = judge(answered(200, fields), names)
    expect(judged.kind === 'decided' && judged.user).toBe(user as never)
  })
})

describe('any other answer', () => {
  test('is the client’s: status, where to sign in, cookies, and the page', () => {
    const fields = [
      ['Location', 'https://auth.example.com/?rd=a'],
      ['Set-Cookie', 'csrf=1'],
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Content-Encoding', 'gzip'],
      ['X-Secret', '1'],
      ['Content-Length', '5'],
      ['Connection', 'close'],
    ] as const
    expect(judge(answered(302, fields, 'S\xc3\xa9!'), ['x-secret'])).toEqual(
      refused({
        status: 302,
        lines: 'location: https://auth.example.com/?rd=a\r\ncontent-encoding: gzip\r\nSet-Cookie: csrf=1\r\n',
        content: { type: 'text/html; charset=utf-8', text: 'S\xc3\xa9!' },
      }),
    )
  })

  test.each([
    [401, [['WWW-Authenticate', 'Basic realm="a"']], 'www-authenticate: Basic realm="a"\r\n'],
    [403, [['Content-Type', 'text/html']], ''],
    [429, [['Retry-After', '5']], 'retry-after: 5\r\n'],
    [500, [], ''],
    [511, [], ''],
  ] as const)('%d without a page', (status, fields, lines) => {
    expect(judge(answered(status, fields), [])).toEqual(
      refused({ status, lines, content: { type: undefined, text: '' } }),
    )
  })

  test('whose page is too long has one of ours', () => {
    const fields = [
      ['Content-Type', 'text/html'],
      ['Content-Encoding', 'gzip'],
    ] as const
    expect(judge(answeredAtLength(403, fields), [])).toEqual(refused({ status: 403, lines: '' }))
  })
})

describe('nothing is decided', () => {
  const undecided = (answer: Answer): string => {
    const judged = judge(answer, ['remote-user'])
    return judged.kind === 'undecided' ? judged.detail : judged.kind
  }

  test('by who gives no answer', () => expect(undecided(failure('ECONNRESET'))).toBe('ECONNRESET'))

  test.each([0, 99, 101, 199, 502, 503, 504, 600, 999])('by a status of %d', (status) => {
    expect(undecided(answered(status))).toBe(`it answered ${status}`)
  })

  test.each([
    [200, 'remote-user'],
    [200, 'set-cookie'],
    [302, 'location'],
    [401, 'set-cookie'],
  ])('by a %d whose %s is longer than any head has room for', (status, name) => {
    expect(undecided(answered(status, [[name, 'x'.repeat(40_000)]]))).toBe(
      'it answered with fields that cannot be passed on',
    )
  })

  test.each([
    [200, 'remote-user'],
    [200, 'set-cookie'],
    [302, 'location'],
    [302, 'content-type'],
    [302, 'set-cookie'],
  ])('by a %d with control characters in %s', (status, name) => {
    const answer = answered(status)
    if (answer.kind !== 'answered') throw new Error('it answers')
    // No Headers would hold it; whoever asks might.
    const fields = {
      get: (asked: string) => (asked === name && name !== 'set-cookie' ? 'a\r\nX-Admin: 1' : null),
      getSetCookie: () => (name === 'set-cookie' ? ['a\r\nX-Admin: 1'] : []),
    } as unknown as Headers
    expect(judge({ ...answer, fields }, ['remote-user']).kind).toBe('undecided')
  })
})
