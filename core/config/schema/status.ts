/** Statuses of responses, one by one or as ranges: what is healthy, what is a failure. */
import type { StatusRange } from '../../backend/failure.ts'
import { either } from '../read/containers.ts'
import { convert } from '../read/field.ts'
import { count, type Parsed, text } from '../read/scalars.ts'

export const statusRule = 'must be a status such as "200" or a range such as "200-399", from 100 to 599'

export function parseRange(written: string): Parsed<StatusRange> {
  const [, from = '', to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(written) ?? []
  return from === '' || to < from ? { kind: 'fault' } : { kind: 'value', value: { from: Number(from), to: Number(to) } }
}

export const statusText = text({
  title: 'status or range, 100 to 599',
  description: 'A status, or two of them with a hyphen.',
  rule: statusRule,
  pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$',
  parse: parseRange,
})

export const statusNumber = convert(
  count({ unit: 'status', value: undefined, min: 100, max: 599, reason: 'RFC 9110 15.' }, { description: 'A status.' }),
  (status): StatusRange => ({ from: status, to: status }),
)

export const statusRange = either<StatusRange>(
  { string: statusText, number: statusNumber },
  { title: 'status or range', description: 'What counts as healthy.', rule: statusRule },
)
