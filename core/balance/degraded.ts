/** Why a pool uses members that something holds out, in words. Pure. */
import type { Degraded, DegradedCause } from './eligible.ts'

const mostNamed = 3

const reasons: { readonly [Cause in DegradedCause]: (degraded: Degraded) => string } = {
  restraint: () => 'more would be out than maxEjected allows',
  panic: ({ usable, members }) => `only ${usable} of ${members} are usable, fewer than panicThreshold demands`,
  'nobody-left': () => 'connects fail everywhere, and somebody has to be tried',
}

/** `10.0.0.1:80 is used though held out: more would be out than maxEjected allows`. */
export function degradedWords(degraded: Degraded): string {
  const { backends, cause } = degraded
  const named = backends.slice(0, mostNamed).map(({ id }) => id)
  const others = backends.length - named.length
  const who = others > 0 ? `${named.join(', ')} and ${others} more` : named.join(' and ')
  return `${who} ${backends.length === 1 ? 'is' : 'are'} used though held out: ${reasons[cause](degraded)}`
}
