/**
 * API keys: `sek_` and 32 random bytes in base64url. With 256 bits of chance in it nobody can try keys out, so that one
 * SHA-256 is all that has to be kept of it, and no slow hash of passwords stands in the way of a request.
 */
import { randomBytes } from 'node:crypto'

/** What is kept of a key, and what of it may be shown. */
export interface KeptKey {
  /** SHA-256 of the whole text, 64 hex digits. */
  readonly keyHash: string
  /** Its first 12 characters: 48 of the 256 bits. */
  readonly keyPrefix: string
}

export const KEY_LENGTH = 47
const PREFIX_LENGTH = 12

/** A new one, to be shown once and kept by nobody. */
export const makeKey = (): string => `sek_${randomBytes(32).toString('base64url')}`

export const keep = (key: string): KeptKey => ({ keyHash: hashOf(key), keyPrefix: key.slice(0, PREFIX_LENGTH) })

/** 0.5 µs. */
export const hashOf = (key: string): string => Bun.SHA256.hash(key, 'hex')

/** An id for a client that nobody named: `c-` and 64 random bits. */
export const makeId = (): string => `c-${randomBytes(8).toString('hex')}`
