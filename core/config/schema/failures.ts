/** What counts as a failure of a backend: ways in which an attempt fails, and statuses. */
import type { FailureCause, FailureRule, StatusRange } from '../../backend/failure.ts'
import type { defaults } from '../defaults.ts'
import { either, list } from '../read/containers.ts'
import { convert, type Field, orElse } from '../read/field.ts'
import { type Parsed, text } from '../read/scalars.ts'
import { didYouMean } from '../../suggest.ts'
import { parseRange, statusNumber } from './status.ts'

const causes: readonly FailureCause[] = ['connect', 'timeout', 'reset', 'protocol']

type Failure = FailureCause | StatusRange

const rule = `must be ${causes.map((cause) => `"${cause}"`).join(', ')}, a status such as "503" or a range such as "500-599"`

function parseFailure(written: string): Parsed<Failure> {
  const cause = causes.find((known) => known === written)
  if (cause !== undefined) return { kind: 'value', value: cause }
  const range = parseRange(written)
  return range.kind === 'value' ? range : { ...range, hint: didYouMean(written, causes) }
}

const failure = either<Failure>(
  {
    string: text<Failure>({
      title: 'way to fail, status or range',
      description: 'A way in which an attempt fails, or a status that it is answered with.',
      rule,
      pattern: `^(${causes.join('|')}|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$`,
      parse: parseFailure,
    }),
    number: statusNumber,
  },
  { title: 'way to fail, status or range', description: 'What counts as a failure.', rule },
)

const toRule = (failures: readonly Failure[]): FailureRule => ({
  causes: failures.filter((one) => typeof one === 'string'),
  statuses: failures.filter((one) => typeof one !== 'string'),
})

function defaultFailures({ value }: { readonly value: string }) {
  const names = value.split(', ')
  const parsed = names.flatMap((name) => {
    const one = parseFailure(name)
    return one.kind === 'value' ? [one.value] : []
  })
  return { names, rule: toRule(parsed) }
}

/** `failures` of a breaker or an ejection; `setting`: what they are by default. */
export function failures(
  setting: (typeof defaults)['pool.breaker.failures' | 'pool.ejection.failures'],
): Field<FailureRule> {
  const { names, rule: fallback } = defaultFailures(setting)
  const field = convert(
    list(failure, {
      description:
        'What counts as a failure: `connect`, `timeout`, `reset`, `protocol` (an answer that is no HTTP), statuses. Requests whose client left count for nothing.',
      examples: [['connect', 'timeout', '502-504']],
      ifEmpty: 'must not be empty',
    }),
    toRule,
  )
  return orElse(field, fallback, names)
}
