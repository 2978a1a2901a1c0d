/** A pool's `slowStart`: how the share of a backend grows that has come or come back. */
import type { SlowStartPolicy } from '../../backend/slow-start.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { duration, number } from '../read/scalars.ts'

const body = object(
  {
    window: duration(defaults['pool.slowStart.window'], { description: 'How long its share grows.' }),
    curve: number(defaults['pool.slowStart.curve'], {
      description: 'Exponent of the time elapsed: 1 is a straight line, 2 begins slowly, 0.5 quickly.',
    }),
    floor: number(defaults['pool.slowStart.floor'], { description: 'The part of its weight that it begins with.' }),
    grace: duration(defaults['pool.slowStart.grace'], {
      description: 'Members that are there so soon after the pool’s own start, or come back then, start at once.',
    }),
  },
  {
    description:
      'A member that joins, or is usable again, begins with a small share that grows; `{}` does so by the defaults. Without it everybody has all of it at once.',
    examples: [{}, { window: '1m' }],
  },
)

/** A pool's `slowStart`; undefined when absent. */
export const slowStart: Field<SlowStartPolicy | undefined> = convert(body, ({ window, curve, floor, grace }) => ({
  windowMs: window,
  curve,
  floor,
  graceMs: grace,
}))
