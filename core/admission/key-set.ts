/**
 * The keys that tokens may be signed with: of a URL, fetched at the start and again now and then, and whenever a token names
 * one that is not known; a key set stays in force for as long as its URL is away. Of a file or a secret there is nothing to
 * fetch.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Cancel, Clock } from '../clock.ts'
import type { Answer, Ask } from '../net/ask.ts'
import type { Reach } from '../reach.ts'

/** Where keys are found. */
export interface Keys {
  /** undefined: none have been had yet. */
  readonly current: JWTVerifyGetKey | Uint8Array | undefined
  /** Looks whether there are others now; whether there are. Never rejects. */
  renew(): Promise<boolean>
}

/** How often, at most, a token with an unknown key has the set fetched: anybody can make up such tokens. */
const MIN_PAUSE_MS = 30_000
const TIMEOUT_MS = 5000
/** After a failure; twice as long behind each further one, up to the pause above. */
const RETRY_MS = 1000
/** Sets have a handful of keys, of 2 KB at most with their certificates. */
const MAX_SET_BYTES = 256 * 1024
const MAX_KEYS = 100

export interface KeySetOptions {
  readonly url: string
  readonly refreshMs: number
  readonly ask: Ask
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly reach: Reach
  /** Other keys are in force: what was found out by those before no longer holds. */
  readonly onChange: () => void
}

export class KeySet implements Keys {
  current: JWTVerifyGetKey | undefined = undefined
  private readonly options: KeySetOptions
  /** What the set in force was read from. */
  private text = ''
  private underWay: Promise<boolean> | undefined = undefined
  private failures = 0
  private askedAt = -Infinity
  private cancelNext: Cancel | undefined = undefined
  private giveUp: Cancel | undefined = undefined
  private isStopped = false

  /** Nothing is fetched before `start`. */
  constructor(options: KeySetOptions) {
    this.options = options
  }

  start(): void {
    void this.fetch()
  }

  /** Fetches no more; who waits for it is told that there is nothing new. */
  stop(): void {
    this.isStopped = true
    this.cancelNext?.()
    this.giveUp?.()
  }

  async renew(): Promise<boolean> {
    if (this.underWay !== undefined) return await this.underWay
    if (this.isStopped || this.options.clock.now() - this.askedAt < MIN_PAUSE_MS) return false
    return await this.fetch()
  }

  private fetch(): Promise<boolean> {
    const { ask, clock, url } = this.options
    this.cancelNext?.()
    this.askedAt = clock.now()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.underWay = promise
    const end = (isNews: boolean): void => {
      this.underWay = undefined
      resolve(isNews)
    }
    const question = { url, fields: [['accept', 'application/json']] as const, timeoutMs: TIMEOUT_MS }
    const cancel = ask({ ...question, maxBodyBytes: MAX_SET_BYTES }, (answer) => end(this.take(answer)))
    this.giveUp = () => {
      cancel()
      end(false)
    }
    return promise
  }

  /** Whether it brings other keys. */
  private take(answer: Answer): boolean {
    const { reach, refreshMs, onChange } = this.options
    const read = readAnswer(answer)
    if (read.kind === 'fault') {
      reach.failed(`${read.detail}; ${this.current ? 'the keys known stay in force' : 'no token can be checked'}`)
      this.again(Math.min(RETRY_MS * 2 ** this.failures, MIN_PAUSE_MS, refreshMs))
      this.failures += 1
      return false
    }
    this.failures = 0
    reach.answered()
    this.again(refreshMs)
    if (read.text === this.text) return false
    this.text = read.text
    this.current = read.keys
    onChange()
    return true
  }

  private again(afterMs: number): void {
    this.cancelNext = this.options.clock.after(afterMs, () => void this.fetch())
  }
}

/** Of a file that was read once, or a secret. */
export const fixedKeys = (current: JWTVerifyGetKey | Uint8Array): Keys => ({
  current,
  renew: () => Promise.resolve(false),
})

export type ReadKeys =
  | { readonly kind: 'keys'; readonly keys: JWTVerifyGetKey; readonly text: string }
  | { readonly kind: 'fault'; readonly detail: string }

function readAnswer(answer: Answer): ReadKeys {
  if (answer.kind === 'failed') return { kind: 'fault', detail: answer.detail }
  if (answer.status !== 200) return { kind: 'fault', detail: `it answered ${answer.status}` }
  if (answer.body === undefined) return { kind: 'fault', detail: `its key set is longer than ${MAX_SET_BYTES} bytes` }
  return readKeySet(answer.body.toString('utf8'))
}

/** A JSON Web Key Set (RFC 7517 5) with the public keys in it; secret ones are no business of such a set and left out. Never throws. */
export function readKeySet(text: string): ReadKeys {
  const set = parse(text)
  if (set === undefined) return { kind: 'fault', detail: 'it is no JSON Web Key Set' }
  const keys = set.keys.filter(({ kty }) => kty !== 'oct')
  if (keys.length === 0) return { kind: 'fault', detail: 'its key set has no public key' }
  if (keys.length > MAX_KEYS) return { kind: 'fault', detail: `its key set has more than ${MAX_KEYS} keys` }
  try {
    return { kind: 'keys', keys: createLocalJWKSet({ keys }), text }
  } catch {
    return { kind: 'fault', detail: 'its key set cannot be read' }
  }
}

function parse(text: string): JSONWebKeySet | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isKeySet(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === 'object' &&
  value !== null &&
  'keys' in value &&
  Array.isArray(value.keys) &&
  value.keys.every((key: unknown) => typeof key === 'object' && key !== null && 'kty' in key)
