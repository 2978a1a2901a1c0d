/** A pool's `ejection`: when a backend that does worse than its peers is left out for a while. */
import type { EjectionPolicy } from '../../backend/ejection.ts'
import { defaults } from '../defaults.ts'
import { object, section } from '../read/containers.ts'
import { convert, type Field, located, showDefault } from '../read/field.ts'
import { count, duration, number } from '../read/scalars.ts'
import { switchable } from '../read/switchable.ts'
import { formatDuration } from '../read/units.ts'
import { failures } from './failures.ts'

/** Their defaults depend on what stands before them. */
const baseTime = { ...defaults['pool.ejection.baseTime'], value: undefined }
const maxTime = { ...defaults['pool.ejection.maxTime'], value: undefined }

const shown = (name: 'baseTime' | 'maxTime'): string => formatDuration(defaults[`pool.ejection.${name}`].value)

const successRate = section(
  {
    factor: number(defaults['pool.ejection.successRate.factor'], {
      description: 'Out is whose success rate is so many standard deviations under the mean.',
    }),
    minBackends: count(defaults['pool.ejection.successRate.minBackends'], {
      description: 'Nobody is compared where fewer members had `minRequests`.',
    }),
    minRequests: count(defaults['pool.ejection.successRate.minRequests'], {
      description: 'Members with fewer requests in the interval are not compared.',
    }),
  },
  { description: 'Compares the success rates of the members.' },
)

const failureRatio = section(
  {
    ratio: number(defaults['pool.ejection.failureRatio.ratio'], { description: 'Out is who failed a larger share.' }),
    minBackends: count(defaults['pool.ejection.failureRatio.minBackends'], {
      description: 'Nobody is looked at where fewer members had `minRequests`.',
    }),
    minRequests: count(defaults['pool.ejection.failureRatio.minRequests'], {
      description: 'Members with fewer requests in the interval are not looked at.',
    }),
  },
  { description: 'Looks at the share of requests that failed, whatever that of the others is.' },
)

const body = object(
  {
    failures: failures(defaults['pool.ejection.failures']),
    interval: duration(defaults['pool.ejection.interval'], { description: 'How often members are compared.' }),
    baseTime: located(
      showDefault(
        duration(baseTime, {
          description: 'How long somebody is out, times how often that was lately. At least `interval`.',
          examples: [shown('baseTime')],
        }),
        shown('baseTime'),
      ),
    ),
    maxTime: located(
      showDefault(
        duration(maxTime, {
          description: 'Nobody is out for longer. At least `baseTime`.',
          examples: [shown('maxTime')],
        }),
        shown('maxTime'),
      ),
    ),
    maxStatistical: number(defaults['pool.ejection.maxStatistical'], {
      description: 'The part of a pool that is out for its rates at most, yet always one; `maxEjected` counts besides.',
    }),
    successRate: switchable(successRate, 'object'),
    failureRatio: switchable(failureRatio, 'object'),
    failuresInRow: switchable(
      count(defaults['pool.ejection.failuresInRow'], { description: 'Out is, at once, who fails so often in a row.' }),
      'number',
    ),
  },
  {
    description:
      'Leaves a member out for a while that does worse than its peers (gRFC A50); `{}` does so by the defaults. Without it nobody is compared.',
    examples: [{}, { interval: '5s', successRate: false }],
  },
)

/** A pool's `ejection`; undefined when absent: there is none. */
export const ejection: Field<EjectionPolicy | undefined> = convert(body, (value, node, reading) => {
  const { interval } = value
  const base = value.baseTime?.value ?? Math.max(defaults['pool.ejection.baseTime'].value, interval)
  if (value.baseTime !== undefined && base < interval)
    reading.report(value.baseTime.node, { rule: 'must not be shorter than interval' })
  if (value.maxTime !== undefined && value.maxTime.value < base)
    reading.report(value.maxTime.node, { rule: 'must not be shorter than baseTime' })
  const { successRate: rate, failureRatio: ratio, failuresInRow } = value
  if (node !== undefined && rate === undefined && ratio === undefined && failuresInRow === undefined)
    reading.report(node, { rule: 'must have one of successRate, failureRatio and failuresInRow: nothing else ejects' })
  return {
    failures: value.failures,
    intervalMs: interval,
    baseTimeMs: base,
    maxTimeMs: value.maxTime?.value ?? Math.max(defaults['pool.ejection.maxTime'].value, base),
    successRate: rate,
    failureRatio: ratio,
    failuresInRow,
    maxStatistical: value.maxStatistical,
  }
})
