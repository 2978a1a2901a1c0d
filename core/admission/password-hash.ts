/** Hashes of passwords as `htpasswd -B` and the argon2 tools write them: which of them can be checked here, and at what cost. */

/** A hash, or what is wrong with the text, to complete "must be …". */
export type ReadHash = { readonly kind: 'hash' } | { readonly kind: 'fault'; readonly rule: string }

/** Each doubles the work: 14 takes a second or so, and whoever asks decides when. */
const MAX_COST = 15
/** Of argon2: one check holds so much memory, and goes over it so often. */
const MAX_KIB = 256 * 1024
const MAX_PASSES = 16

const USABLE = 'a bcrypt hash ("$2y$…", "$2b$…") or an argon2id hash ("$argon2id$…"): `htpasswd -nB name` writes one'

const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const argon2 = /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,86}$/

export function readPasswordHash(text: string): ReadHash {
  const [, cost] = bcrypt.exec(text) ?? []
  if (cost !== undefined)
    return within(Number(cost), 4, MAX_COST) ? HASH : fault(`a bcrypt hash of a cost from 4 to ${MAX_COST}`)
  const [, kib, passes, lanes] = argon2.exec(text) ?? []
  if (kib === undefined) return fault(USABLE)
  const isCheap = within(Number(kib), 8, MAX_KIB) && within(Number(passes), 1, MAX_PASSES) && Number(lanes) > 0
  return isCheap ? HASH : fault(`an argon2id hash of at most m=${MAX_KIB} and t=${MAX_PASSES}`)
}

const HASH: ReadHash = { kind: 'hash' }

const fault = (rule: string): ReadHash => ({ kind: 'fault', rule })

const within = (value: number, min: number, max: number): boolean => value >= min && value <= max

/** Of those a user may have: RFC 7617 2 leaves out colons and control characters. */
// oxlint-disable-next-line no-control-regex -- these are what is left out
export const userName = /^[^\x00-\x1f\x7f:]{1,255}$/
