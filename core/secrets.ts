/**
 * What must not be shown, in one place. A field of the config that is marked `isSecret` reads as a `Secret`, which shows
 * as `***` however it is printed, so that nobody who prints can forget it. Free-form values (a strategy's options) have no
 * fields to mark: there the name is all there is to go by.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** What is shown instead. */
const HIDDEN = '***'

/** Of this process alone: marks can't be compared with those of a text that somebody guesses. */
const key = randomBytes(32)

/** A text that whoever uses it must ask for by `reveal`. */
export class Secret {
  /** Equal for equal texts, within this process, and tells nothing of them: by it secrets compare by value. */
  readonly mark: string
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    this.mark = createHmac('sha256', key).update(text).digest('base64url')
  }

  /** The text itself, for the one who needs it; never for an answer, an event or a log. */
  reveal(): string {
    return this.#text
  }

  /** Compares digests, so that neither the length nor the first difference shows in the time it takes; an empty one equals nothing. */
  equals(given: string): boolean {
    return timingSafeEqual(digest(given), digest(this.#text)) && this.#text !== ''
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const secretName = /token|secret|password|passphrase|credential|api[-_]?key|private[-_]?key/i

/** Whether a key of a free-form value is called like something secret. */
export const soundsSecret = (name: string): boolean => secretName.test(name)

/** Whether a value may not be shown, by what it is or by the name it stands under. */
export const isSecret = (name: string, value: unknown): boolean =>
  value instanceof Secret || (soundsSecret(name) && (typeof value === 'string' || typeof value === 'number'))

/** A URL without what it asks with, which may be a key; any other text as it is. */
export const hideQuery = (text: string): string =>
  text.replace(/^(https?:[^?]*\?).+$/is, (_, place: string) => place + HIDDEN)

/**
 * A copy to be shown: every secret in it is `***`. What is absent stays absent, to tell "no token" from "a token".
 * `name`: the key that `value` stands under; a list's items stand under the list's.
 */
export function hideSecrets(value: unknown, name = ''): unknown {
  if (isSecret(name, value)) return HIDDEN
  if (typeof value === 'string') return hideQuery(value)
  if (Array.isArray(value)) return value.map((item) => hideSecrets(item, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideSecrets(item, key)]))
}

/** The same text for equal values, secrets included, another for others. To compare by within this process, not to show. */
export function fingerprint(value: unknown): string {
  const marked = function (this: Readonly<Record<string, unknown>>, name: string, shown: unknown): unknown {
    // JSON has already asked the secret for its form: the value itself still stands in its holder.
    const held = this[name]
    return held instanceof Secret ? held.mark : shown
  }
  return JSON.stringify(value, marked) ?? ''
}
