/** What there is to say of a pool's sources of members below its title: pure. Nothing of one that answers and is believed. */
import type { SourceStatus } from '../../core/report/found-status.ts'
import type { PoolStatus, StatusSnapshot } from '../../core/report/snapshot.ts'
import { counted, formatSpan } from '../../core/view/amounts.ts'
import { printable } from './text.ts'

/** Balancers of before there were any say nothing. `at`: ms since the epoch, when the status was taken. */
export const sourceNotes = ({ sources }: Partial<PoolStatus>, at: number): string[] =>
  (sources ?? []).flatMap((source) => notesOn(source, at).map((note) => `${printable(source.source)} ${note}`))

/** The same of whoever adds routes and pools, a line each. */
export const providerNotes = ({ providers }: Partial<StatusSnapshot>): string[] =>
  (providers ?? []).map(({ provider, state, away, routes, pools, skipped, reasons: [first] }) => {
    const has = `${printable(provider)}: ${counted(routes, 'route')}, ${counted(pools, 'pool')}`
    const notes = [
      ...(state === 'waiting' ? ['has not answered yet'] : []),
      ...(away === null ? [] : [`is away (${printable(away.reason)}), all stays as it was`]),
      ...(first === undefined ? [] : [`${counted(skipped, 'entry', 'entries')} left out: ${printable(first)}`]),
    ]
    return [has, ...notes].join('; ')
  })

function notesOn({ state, away, members, ageMs, skipped, reasons, held }: SourceStatus, at: number): string[] {
  const notes: string[] = []
  if (state === 'waiting') notes.push('has not answered yet')
  if (away !== null)
    notes.push(`is away (${printable(away.reason)}): ${stay(members)}, for ${formatSpan(ageMs)} so far`)
  if (held !== null) {
    const left = formatSpan(Math.max(0, Date.parse(held.until) - at))
    notes.push(`lists ${held.members}, and nobody leaves for ${left} more unless it lists others again`)
  }
  const [first] = reasons
  if (first !== undefined) notes.push(`has ${counted(skipped, 'entry', 'entries')} left out: ${printable(first)}`)
  return notes
}

const stay = (members: number): string =>
  members === 0 ? 'nobody of it is known' : `${counted(members, 'member')} of it ${members === 1 ? 'stays' : 'stay'}`
