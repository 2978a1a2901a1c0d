/** Certificates for people: a table of many, the facts of one. Pure. */
import type { CertificateView } from '../../core/admin/certificate-view.ts'
import { formatSpan } from '../../core/view/amounts.ts'
import { minuteOf } from './instants.ts'
import { alignTable, type Cell } from './table.ts'
import { paint, printable, type Style } from './text.ts'

const DAY = 24 * 3600_000
/** What is left of a certificate when its end is near. */
const NEAR_MS = 7 * DAY

/** `now`: epoch ms. */
export function certificateTable(certificates: readonly CertificateView[], now: number, color: boolean): string {
  const titles = ['name', 'state', 'until', 'renews', 'issuer', 'listeners']
  const head = titles.map((text): Cell => ({ text, style: 'dim' }))
  const rows = certificates.map((one): Cell[] => [
    { text: printable(one.name) },
    { text: stateOf(one, now), style: styleOf(one, now) },
    { text: day(one.notAfter) },
    { text: day(one.renewsAt) },
    { text: printable(one.issuer) || '-' },
    { text: one.listeners.map(printable).join(', ') },
  ])
  return alignTable([head, ...rows], color)
}

/** Everything that is known of one. */
export function certificateFacts(one: CertificateView, now: number, color: boolean): string {
  const facts: readonly (readonly [title: string, text: string])[] = [
    ['state', stateOf(one, now)],
    ['names', one.names.join(', ') || '-'],
    ['issuer', one.issuer || '-'],
    ['valid', one.notAfter === null ? '-' : `${time(one.notBefore)} to ${time(one.notAfter)}`],
    ['renews', time(one.renewsAt)],
    ['SHA-256', one.fingerprint || '-'],
    ['from', one.source === 'files' ? 'files of the configuration' : `ACME, kept in ${one.place}`],
    ['listeners', one.listeners.join(', ')],
    ['last failure', one.detail || '-'],
  ]
  const rows = facts.map(([title, text]): Cell[] => [{ text: title, style: 'dim' }, { text: printable(text) }])
  return `${paint(printable(one.name), 'bold', color)}\n${alignTable(rows, color)}`
}

function stateOf({ notAfter, isOrdering, failures }: CertificateView, now: number): string {
  const failed = failures === 0 ? '' : `, ${failures} failed`
  const ordering = isOrdering ? ', ordering' : ''
  if (notAfter === null) return `missing${ordering}${failed}`
  const left = Date.parse(notAfter) - now
  return `${left <= 0 ? 'expired' : `${formatSpan(left)} left`}${ordering}${failed}`
}

function styleOf({ notAfter }: CertificateView, now: number): Style {
  const left = notAfter === null ? 0 : Date.parse(notAfter) - now
  return left <= 0 ? 'red' : left < NEAR_MS ? 'yellow' : 'green'
}

const day = (instant: string | null): string => (instant === null ? '-' : instant.slice(0, 10))
const time = (instant: string | null): string => (instant === null ? '-' : `${minuteOf(instant)} UTC`)
