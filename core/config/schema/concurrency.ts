/** A pool's `concurrency`: how many requests at once each backend is found to bear. */
import type { ConcurrencyPolicy } from '../../pool/policy.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, located, showDefault } from '../read/field.ts'
import { count, number } from '../read/scalars.ts'

const { value: usualStart } = defaults['pool.concurrency.start']
const { value: usualMin } = defaults['pool.concurrency.min']
const { value: usualMax } = defaults['pool.concurrency.max']

/** Defaults give way to what is said of the others: a `max` of 10 alone is meant. */
const body = object(
  {
    start: located(
      showDefault(
        count(
          { ...defaults['pool.concurrency.start'], value: undefined },
          {
            description: 'Requests at once to a backend of which nothing is known yet. From `min` to `max`.',
          },
        ),
        usualStart,
      ),
    ),
    min: located(
      showDefault(
        count(
          { ...defaults['pool.concurrency.min'], value: undefined },
          {
            description: 'The limit never falls lower. At most `max`, and never higher by default.',
          },
        ),
        usualMin,
      ),
    ),
    max: showDefault(
      count(
        { ...defaults['pool.concurrency.max'], value: undefined },
        {
          description: 'The limit never grows higher.',
        },
      ),
      usualMax,
    ),
    tolerance: number(defaults['pool.concurrency.tolerance'], {
      description: 'How many times as long as usual responses may take before the limit falls.',
    }),
  },
  {
    description:
      'A limit for each backend that follows its response times (Gradient2): it grows while they are as usual, and falls while they are longer. Without it there is none. Set `queue` to have requests wait where all backends are at theirs.',
    examples: [{}, { min: 4, max: 64 }],
  },
)

/** undefined when absent. */
export const concurrency: Field<ConcurrencyPolicy | undefined> = convert(
  body,
  ({ start: first, min: least, max: most, tolerance }, _node, reading) => {
    const max = most ?? Math.max(usualMax, least?.value ?? 0, first?.value ?? 0)
    const min = least?.value ?? Math.min(usualMin, max, first?.value ?? usualMin)
    const start = first?.value ?? Math.max(min, Math.min(usualStart, max))
    if (least && min > max) reading.report(least.node, { rule: `must not be larger than max, which is ${max}` })
    else if (first && (start < min || start > max))
      reading.report(first.node, { rule: `must be from min to max, which are ${min} and ${max}` })
    return { start, min, max, tolerance }
  },
)
