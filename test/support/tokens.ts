/** Who issues tokens: real keys, and tokens signed with them. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

export interface Issuer {
  readonly kid: string
  readonly alg: string
  /** As it stands in a key set. */
  readonly jwk: JWK
  readonly privateKey: CryptoKey
  /** `header` and `claims` beside and instead of the usual: one that expires an hour after `at`, epoch ms. */
  sign(claims?: object, header?: object, at?: number): Promise<string>
}

export const ISSUER = 'https://id.example.com/'

/** Wall time of the virtual clock's start. */
export const START = Date.UTC(2026, 0, 1)

export async function issuerOf(alg: string, kid: string, facts: JWK = {}): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig', ...facts }
  return {
    kid,
    alg,
    jwk,
    privateKey,
    sign: (claims = {}, header = {}, at = START) =>
      new SignJWT({ sub: 'ann', iss: ISSUER, exp: Math.floor(at / 1000) + 3600, ...claims })
        .setProtectedHeader({ alg, kid, ...header })
        .sign(privateKey),
  }
}

export const keySetOf = (...issuers: readonly Issuer[]): string =>
  JSON.stringify({ keys: issuers.map(({ jwk }) => jwk) })

/** A token of these parts, whatever they are, with a signature that is none. */
export const unsigned = (header: object, claims: object, signature = ''): string =>
  [JSON.stringify(header), JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.') +
  `.${signature}`
