/** What an ACME client signs (RFC 8555 6.2): JWS in the flattened form, by an account's P-256 key. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, FlattenedSign, type JWK } from 'jose'
import type { Secret } from '../secrets.ts'
import { pemOf } from './certificate-request.ts'
import type { Binding } from './policy.ts'

/** An account's key, in the forms in which it is needed. */
export interface AccountKey {
  readonly privateKey: KeyObject
  /** The public half. */
  readonly jwk: JWK
  /** RFC 7638: what a challenge's token is joined with. */
  readonly thumbprint: string
}

/** A new one, in PEM. */
export const generateKey = (): Secret => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)

/** Throws where the text is no such key. */
export async function accountKey(pem: Secret): Promise<AccountKey> {
  const privateKey = createPrivateKey(pem.reveal())
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) throw new Error('no P-256 key')
  const jwk: JWK = { kty, crv, x, y }
  return { privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) }
}

export interface ToSign {
  readonly url: string
  readonly nonce: string
  /** The account's URL; undefined: it has none yet, and shows its key. */
  readonly account: string | undefined
  /** undefined: nothing, as where something is only asked for (POST-as-GET). */
  readonly payload: object | undefined
}

/** The body of a request. */
export async function signRequest({ url, nonce, account, payload }: ToSign, key: AccountKey): Promise<string> {
  const who = account === undefined ? { jwk: key.jwk } : { kid: account }
  const jws = await new FlattenedSign(Buffer.from(payload === undefined ? '' : JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', nonce, url, ...who })
    .sign(key.privateKey)
  return JSON.stringify(jws)
}

/** `externalAccountBinding` of a new account: the account's key, signed by the key that the CA gave. */
export async function signBinding(url: string, key: AccountKey, { keyId, hmacKey }: Binding): Promise<object> {
  const jws = new FlattenedSign(Buffer.from(JSON.stringify(key.jwk)))
  return await jws
    .setProtectedHeader({ alg: 'HS256', kid: keyId, url })
    .sign(Buffer.from(hmacKey.reveal(), 'base64url'))
}
