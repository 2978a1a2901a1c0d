/** Whether a token is one that a policy takes: signed with one of its keys, for it, now (RFC 7519, RFC 8725). */
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { JwtPolicy } from './auth-policy.ts'
import type { Keys } from './key-set.ts'

export type Verified =
  | { readonly kind: 'valid'; readonly claims: JWTPayload }
  /** `why`: for the client; tells nothing of the token that it does not know, and fits into a quoted string. */
  | { readonly kind: 'invalid'; readonly why: string }
  /** There is nothing yet to check it with. */
  | { readonly kind: 'no-keys' }

type Key = JWTVerifyGetKey | Uint8Array

/** `wallTime`: epoch ms. A token whose key is not known has the keys looked for once more. Never rejects. */
export async function verifyToken(
  token: string,
  { keys, policy, wallTime }: { readonly keys: Keys; readonly policy: JwtPolicy; readonly wallTime: () => number },
): Promise<Verified> {
  const verify = async (key: Key): Promise<Verified | 'unknown-key'> =>
    await verifyWith(token, key, optionsOf(policy, wallTime()))
  if (keys.current === undefined) await keys.renew()
  if (keys.current === undefined) return { kind: 'no-keys' }
  const first = await verify(keys.current)
  if (first !== 'unknown-key') return first
  const second = (await keys.renew()) ? await verify(keys.current) : first
  return second === 'unknown-key' ? invalid('its key is not known') : second
}

const invalid = (why: string): Verified => ({ kind: 'invalid', why })

const optionsOf = (policy: JwtPolicy, wallTime: number): JWTVerifyOptions => ({
  algorithms: [...policy.algorithms],
  clockTolerance: policy.clockToleranceMs / 1000,
  currentDate: new Date(wallTime),
  requiredClaims: [...policy.required],
  ...(policy.issuers && { issuer: [...policy.issuers] }),
  ...(policy.audiences && { audience: [...policy.audiences] }),
})

async function verifyWith(token: string, key: Key, options: JWTVerifyOptions): Promise<Verified | 'unknown-key'> {
  try {
    const { payload } = await (key instanceof Uint8Array
      ? jwtVerify(token, key, options)
      : jwtVerify(token, key, options))
    return { kind: 'valid', claims: payload }
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'unknown-key'
    if (error instanceof errors.JWKSMultipleMatchingKeys) return await verifyWithAny(token, error, options)
    return invalid(reasonOf(error))
  }
}

/** A token that names no key may be signed with any that fits. */
async function verifyWithAny(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<Verified> {
  for await (const key of candidates) {
    try {
      const { payload } = await jwtVerify(token, key, options)
      return { kind: 'valid', claims: payload }
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) return invalid(reasonOf(error))
    }
  }
  return invalid('its signature is not right')
}

/** Claims are named by the policy or the standard, never by the token. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its claim ${error.claim} is ${error.reason === 'missing' ? 'missing' : 'not right'}`
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is not right'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed'
  return 'it is no signed token'
}
