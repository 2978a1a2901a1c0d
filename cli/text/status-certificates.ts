/** What a status says of the certificates of its listeners. Pure. */
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import { paint, printable } from './text.ts'

const SOON_MS = 30 * 24 * 60 * 60 * 1000
/** Of those that are near their end. */
const MAX_TOLD = 3

/** `web on 0.0.0.0:443 (HTTPS, Bun.serve, HTTP/3)`; edges of before tell of no certificates, or of no engine. */
export function listenerNote({
  name,
  address,
  engine,
  http3,
  certificates,
}: StatusSnapshot['listeners'][number]): string {
  const isSecure = ((certificates as typeof certificates | undefined) ?? null) !== null
  const marks = [isSecure && 'HTTPS', engine === 'serve' && 'Bun.serve', http3 && 'HTTP/3'].filter(Boolean)
  return `${printable(name)} on ${printable(address)}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`
}

/** A line for those that end within 30 days, or have ended; none where there are none. `at`: wall ms of the snapshot. */
export function endingNotes({ listeners }: StatusSnapshot, at: number, color: boolean): string[][] {
  const all = listeners.flatMap(({ certificates }) => certificates ?? [])
  // Several listeners may share one.
  const ending = [...new Map(all.map((one) => [one.fingerprint, one])).values()]
    .filter(({ notAfter }) => Date.parse(notAfter) - at <= SOON_MS)
    .toSorted((one, other) => Date.parse(one.notAfter) - Date.parse(other.notAfter))
  if (ending.length === 0) return []
  const told = ending.slice(0, MAX_TOLD).map(({ names, fingerprint, notAfter }) => {
    const name = printable(names[0] ?? fingerprint)
    const hasEnded = Date.parse(notAfter) <= at
    const day = printable(notAfter).slice(0, 10)
    return paint(`the certificate for ${name} ${hasEnded ? 'ended' : 'ends'} on ${day}`, 'red', color && hasEnded)
  })
  const more = ending.length - told.length
  return [[...told, ...(more > 0 ? [`and ${more} more`] : [])]]
}
