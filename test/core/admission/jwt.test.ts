import { beforeAll, describe, expect, test } from 'bun:test'
import type { JwtPolicy } from '../../../core/admission/auth-policy.ts'
import { TokenAdmission } from '../../../core/admission/jwt.ts'
import { type Keys, readKeySet } from '../../../core/admission/key-set.ts'
import { admit, askedBy, type Heard, short } from '../../support/heard.ts'
import { type Issuer, issuerOf, keySetOf } from '../../support/tokens.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { turn } from '../../support/raw-peer.ts'

let issuer: Issuer
let other: Issuer
beforeAll(async () => {
  ;[issuer, other] = await Promise.all([issuerOf('ES256', 'one'), issuerOf('ES256', 'other')])
})

interface ChangingKeys extends Keys {
  current: Keys['current']
}

function keysOf(...issuers: readonly Issuer[]): ChangingKeys {
  const read = readKeySet(keySetOf(...issuers))
  if (read.kind !== 'keys') throw new Error(read.detail)
  return { current: read.keys, renew: () => Promise.resolve(false) }
}

function checking(changes: Partial<JwtPolicy> = {}, keys: ChangingKeys = keysOf(issuer)) {
  const clock = virtualClock()
  let events = 0
  const admission = new TokenAdmission({
    policy: {
      keys: { kind: 'file', path: '/keys.json' },
      issuers: undefined,
      audiences: undefined,
      algorithms: ['ES256'],
      clockToleranceMs: 0,
      required: ['exp'],
      from: undefined,
      claims: [],
      ...changes,
    },
    keys,
    clock,
    inEvent(task) {
      events += 1
      task()
    },
  })
  const request = (lines: string): Heard => admit(admission, askedBy(clock), lines)
  /** What became of it, and whether the token had to be checked. */
  const outcome = async (lines: string): Promise<string> => {
    const heard = request(lines)
    if (heard.verdict !== undefined) return `${short(heard)}`
    await decided(heard)
    return `checked ${short(heard)}`
  }
  return { admission, clock, keys, request, outcome, events: () => events }
}

async function decided(heard: Heard): Promise<Heard> {
  while (heard.verdict === undefined) await turn()
  return heard
}

const bearer = (token: string): string => `Authorization: Bearer ${token}\r\n`

describe('a request with a token', () => {
  test('is let in once the token was checked, and at once from then on, until it expires', async () => {
    const { clock, outcome, events } = checking()
    const token = await issuer.sign()
    expect(await outcome(bearer(token))).toBe('checked admitted')
    expect(await outcome(bearer(token))).toBe('admitted')
    clock.advance(3_599_999)
    expect([await outcome(bearer(token)), events()]).toEqual(['admitted', 1])
    clock.advance(1)
    expect(await outcome(bearer(token))).toBe('checked 401')
  })

  test('without an end has it checked again after an hour', async () => {
    const { clock, outcome } = checking({ required: [] })
    const token = await issuer.sign({ exp: undefined })
    expect(await outcome(bearer(token))).toBe('checked admitted')
    clock.advance(3_599_999)
    expect(await outcome(bearer(token))).toBe('admitted')
    clock.advance(1)
    expect(await outcome(bearer(token))).toBe('checked admitted')
  })

  test('comes from whom a rule before has shown, whatever the token names', async () => {
    const { admission, clock, outcome } = checking()
    const lines = bearer(await issuer.sign())
    for (const way of ['checked', 'known']) {
      const asked = { ...askedBy(clock), subject: { key: 'client 7' } }
      await decided(admit(admission, asked, lines))
      expect([way, asked.subject]).toEqual([way, { key: 'client 7' }])
      await outcome(lines)
    }
  })

  test('comes from whom the token names, whoever else has that name elsewhere', async () => {
    const { request, outcome } = checking()
    const subjects = []
    for (const claims of [
      {},
      { iss: 'a b', sub: 'c' },
      { iss: 'a', sub: 'b c' },
      { iss: undefined },
      { sub: undefined },
    ]) {
      const lines = bearer(await issuer.sign(claims))
      const { asked } = await decided(request(lines))
      await outcome(lines)
      expect(request(lines).asked.subject).toEqual(asked.subject)
      subjects.push(asked.subject?.key)
    }
    expect(subjects).toEqual([
      'token ["https://id.example.com/","ann"]',
      'token ["a b","c"]',
      'token ["a","b c"]',
      'token ["","ann"]',
      undefined,
    ])
  })

  test('has its claims told to the backend, and what the client says in their fields dropped', async () => {
    const { request } = checking({
      claims: [
        { claim: 'sub', field: 'x-user' },
        { claim: 'realm.roles', field: 'x_roles' },
        { claim: 'name', field: 'x-name' },
      ],
    })
    const lines = bearer(await issuer.sign({ realm: { roles: ['a', 'b'] }, name: 'x\r\nX-User: root' }))
    const expected = {
      kind: 'admitted',
      pass: { requestDrops: ['x-user', 'x-roles', 'x-name'], requestLines: 'x-user: ann\r\nx_roles: a,b\r\n' },
    }
    expect((await decided(request(lines))).verdict).toEqual(expected as never)
    expect(request(lines).verdict).toEqual(expected as never)
  })

  test('that is not valid is refused, each time, and told why', async () => {
    const { outcome, request } = checking()
    const lines = bearer(await other.sign())
    expect(await outcome(lines)).toBe('checked 401')
    expect((await decided(request(lines))).verdict).toEqual({
      kind: 'refused',
      problem: {
        status: 401,
        detail: 'the token is not valid: its key is not known',
        lines: 'WWW-Authenticate: Bearer error="invalid_token", error_description="its key is not known"\r\n',
      },
      reason: 'token',
    })
    expect(request(lines).asked.subject).toBeUndefined()
  })

  test('is refused as long as there are no keys', async () => {
    const keys = keysOf(issuer)
    const known = keys.current
    keys.current = undefined
    const { request, outcome } = checking({}, keys)
    const lines = bearer(await issuer.sign())
    expect((await decided(request(lines))).verdict).toEqual({
      kind: 'refused',
      problem: { status: 503, detail: 'tokens cannot be checked for now', retryAfterSeconds: 1 },
      reason: 'token',
    })
    keys.current = known
    expect(await outcome(lines)).toBe('checked admitted')
  })

  test('is decided no more once nobody waits', async () => {
    const { request, outcome } = checking()
    const lines = bearer(await issuer.sign())
    const heard = request(lines)
    heard.cancel?.()
    await outcome(bearer(await issuer.sign({ sub: 'another' })))
    expect(heard.verdict).toBeUndefined()
    expect(heard.asked.subject).toBeUndefined()
  })
})

describe('other keys', () => {
  test('have every token checked again, one whose check has begun included', async () => {
    const { admission, keys, request, outcome } = checking()
    const [known, begun] = [bearer(await issuer.sign()), bearer(await issuer.sign({ sub: 'bob' }))]
    await outcome(known)
    const heard = request(begun)
    keys.current = keysOf(other).current
    admission.forget()
    expect(await outcome(known)).toBe('checked 401')
    expect(short(await decided(heard))).toBe('admitted')
    expect(await outcome(begun)).toBe('checked 401')
  })
})

describe('a token is found', () => {
  const missing = '401'

  test.each([
    ['Authorization: Bearer TOKEN\r\n', 'checked admitted'],
    ['authorization:\tbearer   TOKEN \r\n', 'checked admitted'],
    ['', missing],
    ['Authorization:\r\n', missing],
    ['Authorization: Bearer\r\n', missing],
    ['Authorization: Bearer \r\n', missing],
    ['Authorization: BearerTOKEN\r\n', missing],
    ['Authorization: Basic TOKEN\r\n', missing],
    ['Authorization: TOKEN\r\n', missing],
    ['X-Token: TOKEN\r\nCookie: t=TOKEN\r\n', missing],
    ['Authorization: Bearer TOKEN TOKEN\r\n', 'checked 401'],
    ['Authorization: Bearer TOKEN\r\nAuthorization: Bearer TOKEN\r\n', missing],
    ['Authorization: Basic x\r\nAuthorization: Bearer TOKEN\r\n', missing],
  ])('in %j: %s', async (lines, expected) => {
    const { outcome } = checking()
    expect(await outcome(lines.replaceAll('TOKEN', await issuer.sign()))).toBe(expected)
  })

  test.each([
    ['header', 'X-Token: TOKEN\r\n', 'checked admitted'],
    ['header', 'X-Token: Bearer TOKEN\r\n', 'checked admitted'],
    ['header', 'X-Token:\r\n', missing],
    ['header', 'X-Token: TOKEN\r\nX-Token: TOKEN\r\n', missing],
    ['header', 'Authorization: Bearer TOKEN\r\n', missing],
    ['cookie', 'Cookie: a=1; x-token=TOKEN\r\n', 'checked admitted'],
    ['cookie', 'Cookie: x-token=\r\n', missing],
    ['cookie', 'X-Token: TOKEN\r\n', missing],
    ['cookie', 'Cookie: x-token=TOKEN; a=1; x-token=TOKEN\r\n', missing],
    ['cookie', 'Cookie: x-token=TOKEN\r\nX: y\r\nCookie: x-token=other\r\n', missing],
    ['cookie', 'Cookie: x-token=; x-token=TOKEN\r\n', missing],
    ['cookie', 'Cookie: x-token=TOKEN; X-Token=a; xx-token=b\r\n', 'checked admitted'],
  ] as const)('in its own %s of %j: %s', async (kind, lines, expected) => {
    const { outcome } = checking({ from: { kind, name: 'x-token' } })
    expect(await outcome(lines.replaceAll('TOKEN', await issuer.sign()))).toBe(expected)
  })

  test('or the client is told what it needs, without a word of an error where it has not tried', () => {
    const { request } = checking()
    expect(request('').verdict).toEqual({
      kind: 'refused',
      problem: { status: 401, detail: 'this needs a token', lines: 'WWW-Authenticate: Bearer\r\n' },
      reason: 'token',
    })
    const twice = request(`${bearer('a')}${bearer('b')}`).verdict
    expect(twice).toMatchObject({ problem: { detail: 'the token is not valid: there are several' } })
  })
})
