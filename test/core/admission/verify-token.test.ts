import { beforeAll, describe, expect, test } from 'bun:test'
import { base64url, CompactEncrypt, SignJWT } from 'jose'
import type { JwtPolicy } from '../../../core/admission/auth-policy.ts'
import { fixedKeys, type Keys, readKeySet } from '../../../core/admission/key-set.ts'
import { verifyToken } from '../../../core/admission/verify-token.ts'
import { Secret } from '../../../core/secrets.ts'
import { type Issuer, ISSUER, issuerOf, keySetOf, START, unsigned } from '../../support/tokens.ts'

const SECRET = 'a-secret-of-thirty-two-bytes-xxxx'

const policyOf = (changes: Partial<JwtPolicy> = {}): JwtPolicy => ({
  keys: { kind: 'file', path: '/keys.json' },
  issuers: [ISSUER],
  audiences: undefined,
  algorithms: ['RS256', 'ES256', 'EdDSA', 'PS256'],
  clockToleranceMs: 30_000,
  required: ['exp'],
  from: undefined,
  claims: [],
  ...changes,
})

/** By their algorithms, which are their key's ids too. */
let issuers: Record<'RS256' | 'ES256' | 'EdDSA', Issuer>
let stranger: Issuer
beforeAll(async () => {
  const [RS256, ES256, EdDSA, other] = await Promise.all([
    issuerOf('RS256', 'RS256'),
    issuerOf('ES256', 'ES256'),
    issuerOf('EdDSA', 'EdDSA'),
    issuerOf('RS256', 'RS256'),
  ])
  issuers = { RS256, ES256, EdDSA }
  stranger = other
})

function keysOf(text: string): Keys {
  const read = readKeySet(text)
  if (read.kind !== 'keys') throw new Error(read.detail)
  return fixedKeys(read.keys)
}

interface Surroundings {
  readonly keys?: Keys
  readonly policy?: Partial<JwtPolicy>
  readonly at?: number
}

const verify = (token: string, { keys, policy, at = START }: Surroundings = {}) =>
  verifyToken(token, {
    keys: keys ?? keysOf(keySetOf(...Object.values(issuers))),
    policy: policyOf(policy),
    wallTime: () => at,
  })

const why = async (token: string, surroundings?: Surroundings): Promise<string> => {
  const verified = await verify(token, surroundings)
  return verified.kind === 'invalid' ? verified.why : verified.kind
}

describe('a token', () => {
  test.each(['RS256', 'ES256', 'EdDSA'] as const)('signed by %s is valid', async (alg) => {
    expect(await verify(await issuers[alg].sign({ aud: 'x' }))).toEqual({
      kind: 'valid',
      claims: { sub: 'ann', iss: ISSUER, aud: 'x', exp: START / 1000 + 3600 },
    })
  })

  test('of somebody else with the same key id is not', async () => {
    expect(await why(await stranger.sign())).toBe('its signature is not right')
  })

  test.each([0, 1, 2])('of which part %d was changed is not', async (part) => {
    const parts = (await issuers.ES256.sign()).split('.')
    parts[part] = [
      base64url.encode(JSON.stringify({ alg: 'ES256', kid: 'ES256', x: 1 })),
      base64url.encode(JSON.stringify({ sub: 'root', iss: ISSUER, exp: START / 1000 + 3600 })),
      base64url.encode(Buffer.alloc(64, 1)),
    ][part] as string
    expect(await why(parts.join('.'))).toBe('its signature is not right')
  })

  test.each([
    [3600 + 29, 'valid'],
    [3600 + 30, 'it has expired'],
  ])('%d s later', async (seconds, expected) => {
    expect(await why(await issuers.ES256.sign(), { at: START + seconds * 1000 })).toBe(expected)
  })

  test.each([
    [{ nbf: START / 1000 + 30 }, 'valid'],
    [{ nbf: START / 1000 + 31 }, 'its claim nbf is not right'],
    [{ exp: undefined }, 'its claim exp is missing'],
    [{ exp: '2030' as never }, 'its claim exp is not right'],
    [{ iss: 'https://evil/' }, 'its claim iss is not right'],
    [{ iss: undefined }, 'its claim iss is missing'],
  ])('with %j', async (claims, expected) => {
    expect(await why(await issuers.ES256.sign(claims))).toBe(expected)
  })

  test.each([
    [{ audiences: ['api'] }, { aud: 'api' }, 'valid'],
    [{ audiences: ['api', 'web'] }, { aud: ['x', 'web'] }, 'valid'],
    [{ audiences: ['api'] }, { aud: 'web' }, 'its claim aud is not right'],
    [{ audiences: ['api'] }, {}, 'its claim aud is missing'],
    [{ issuers: undefined }, { iss: 'whoever' }, 'valid'],
    [{ issuers: ['a', 'b'] }, { iss: 'b' }, 'valid'],
    [{ required: [] }, { exp: undefined }, 'valid'],
    [{ required: ['exp', 'scope'] }, {}, 'its claim scope is missing'],
    [{ required: ['exp', 'scope'] }, { scope: 'a' }, 'valid'],
  ] as const)('by %j: %j', async (policy, claims, expected) => {
    const written = { ...claims, ...('aud' in claims && typeof claims.aud === 'object' && { aud: [...claims.aud] }) }
    expect(await why(await issuers.ES256.sign(written as never), { policy })).toBe(expected)
  })

  const nothings = [
    '',
    'x',
    'a.b',
    'a.b.c',
    '..',
    'a.b.c.d',
    'e30.e30.',
    '\xff\xfe.\0.x',
    `${'A'.repeat(60_000)}.${'A'.repeat(1000)}.AAAA`,
    unsigned({ alg: 'RS256', kid: 'RS256' }, [], 'AAAA'),
    unsigned({ alg: 'RS256', kid: 'RS256', crit: ['x'], x: 1 }, {}, 'AAAA'),
    unsigned({ alg: 'RS256', kid: 'RS256', b64: false, crit: ['b64'] }, {}, 'AAAA'),
  ]

  test.each(nothings.map((token) => [token.slice(0, 40), token]))('that is none: %j', async (_, token) => {
    expect(await why(token)).toMatch(/^(it is no signed token|its signature is not right)$/)
  })

  test('that is encrypted is none', async () => {
    const encrypted = await new CompactEncrypt(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(new Uint8Array(32))
    expect(await why(encrypted)).toBe('it is no signed token')
  })
})

describe('an algorithm', () => {
  test.each(['none', 'None', 'NONE', '', 'HS256', 'RS1', '__proto__'])('such as %j is not taken', async (alg) => {
    const claims = { sub: 'root', iss: ISSUER, exp: START / 1000 + 3600 }
    expect(await why(unsigned({ alg, kid: 'RS256' }, claims))).not.toBe('valid')
    expect(await why(unsigned({ alg, kid: 'RS256' }, claims), { policy: { algorithms: ['HS256'] } })).not.toBe('valid')
  })

  test('that is symmetric does not make a secret of a public key', async () => {
    const { jwk } = issuers.RS256
    const forged = (secret: string) =>
      new SignJWT({ sub: 'root', iss: ISSUER, exp: START / 1000 + 3600 })
        .setProtectedHeader({ alg: 'HS256', kid: 'RS256' })
        .sign(Buffer.from(secret))
    for (const secret of [JSON.stringify(jwk), jwk.n ?? '', Buffer.from(jwk.n ?? '', 'base64url').toString('latin1')]) {
      expect(await why(await forged(secret))).toBe('its algorithm is not allowed')
      // Even where somebody had let it in.
      expect(await why(await forged(secret), { policy: { algorithms: ['RS256', 'HS256'] } })).not.toBe('valid')
    }
  })

  test('of a set’s secret key is not taken: such keys are no part of it', async () => {
    const oct = { kty: 'oct', k: base64url.encode(SECRET), kid: 'oct', alg: 'HS256' }
    const keys = keysOf(JSON.stringify({ keys: [oct, issuers.ES256.jwk] }))
    const token = await new SignJWT({ iss: ISSUER, exp: START / 1000 + 3600 })
      .setProtectedHeader({ alg: 'HS256', kid: 'oct' })
      .sign(Buffer.from(SECRET))
    expect(await why(token, { keys })).toBe('its algorithm is not allowed')
    expect(await why(token, { keys, policy: { algorithms: ['HS256'] } })).not.toBe('valid')
  })

  test('other than those that are wanted is not taken', async () => {
    expect(await why(await issuers.ES256.sign(), { policy: { algorithms: ['RS256'] } })).toBe(
      'its algorithm is not allowed',
    )
  })

  test('is that of the key: a token cannot have one key used for another', async () => {
    const token = await issuers.RS256.sign({}, { alg: 'PS256' }).catch(() => undefined)
    expect(token).toBeUndefined()
    const [, claims = '', signature = ''] = (await issuers.RS256.sign()).split('.')
    const header = base64url.encode(JSON.stringify({ alg: 'PS256', kid: 'RS256' }))
    expect(await why(`${header}.${claims}.${signature}`)).toBe('its key is not known')
  })

  test('of a shared secret is taken with that secret alone', async () => {
    const keys = fixedKeys(Buffer.from(SECRET))
    const policy = { algorithms: ['HS256'], keys: { kind: 'secret', secret: new Secret(SECRET) } } as const
    const sign = (secret: string, alg = 'HS256') =>
      new SignJWT({ sub: 'ann', iss: ISSUER, exp: START / 1000 + 3600 })
        .setProtectedHeader({ alg })
        .sign(Buffer.from(secret))
    expect(await why(await sign(SECRET), { keys, policy })).toBe('valid')
    expect(await why(await sign(`${SECRET}x`), { keys, policy })).toBe('its signature is not right')
    expect(await why(await sign(SECRET, 'HS512'), { keys, policy })).toBe('its algorithm is not allowed')
    expect(await why(await issuers.RS256.sign(), { keys, policy })).toBe('its algorithm is not allowed')
  })
})

describe('keys', () => {
  test('that a token does not name may be any that fits', async () => {
    const second = await issuerOf('RS256', 'second')
    const keys = keysOf(keySetOf(issuers.RS256, second))
    for (const issuer of [issuers.RS256, second])
      expect(await why(await issuer.sign({}, { kid: undefined }), { keys })).toBe('valid')
    expect(await why(await stranger.sign({}, { kid: undefined }), { keys })).toBe('its signature is not right')
    expect(await why(await second.sign({ iss: 'x' }, { kid: undefined }), { keys })).toBe('its claim iss is not right')
  })

  test('that are for something else, or broken, are not used', async () => {
    const forEncryption = keysOf(JSON.stringify({ keys: [{ ...issuers.RS256.jwk, use: 'enc' }] }))
    const broken = keysOf(JSON.stringify({ keys: [{ ...issuers.RS256.jwk, n: '' }, issuers.ES256.jwk] }))
    const token = await issuers.RS256.sign()
    expect(await why(token, { keys: forEncryption })).toBe('its key is not known')
    expect(await why(token, { keys: broken })).toBe('it is no signed token')
    expect(await why(await issuers.ES256.sign(), { keys: broken })).toBe('valid')
  })

  /** A set that becomes another when it is looked at anew. */
  const changing = (before: Issuer | undefined, after: Issuer | undefined): Keys & { renewals: number } => {
    const [first, second] = [before, after].map((issuer) => issuer && keysOf(keySetOf(issuer)).current)
    return {
      current: first,
      renewals: 0,
      async renew() {
        this.renewals += 1
        await Promise.resolve()
        ;(this as { current: Keys['current'] }).current = second
        return second !== first
      },
    }
  }

  test('that are not known are looked for once', async () => {
    const rotated = changing(issuers.ES256, issuers.RS256)
    expect(await why(await issuers.ES256.sign(), { keys: rotated })).toBe('valid')
    expect(rotated.renewals).toBe(0)
    expect(await why(await issuers.RS256.sign(), { keys: rotated })).toBe('valid')
    expect(rotated.renewals).toBe(1)
    const same = changing(issuers.ES256, issuers.ES256)
    expect(await why(await issuers.RS256.sign(), { keys: same })).toBe('its key is not known')
    expect(same.renewals).toBe(1)
    const useless = changing(issuers.ES256, issuers.EdDSA)
    expect(await why(await issuers.RS256.sign(), { keys: useless })).toBe('its key is not known')
  })

  test('are waited for where there are none yet', async () => {
    const token = await issuers.ES256.sign()
    expect(await why(token, { keys: changing(undefined, issuers.ES256) })).toBe('valid')
    expect(await why(token, { keys: changing(undefined, undefined) })).toBe('no-keys')
  })
})
