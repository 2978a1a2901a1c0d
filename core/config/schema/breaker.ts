/** A pool's `breaker`: when a backend is given nothing for a while since it fails too often. */
import type { BreakerPolicy } from '../../backend/breaker.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, located, required, showDefault } from '../read/field.ts'
import { count, duration, number } from '../read/scalars.ts'
import { switchable } from '../read/switchable.ts'
import { formatDuration } from '../read/units.ts'
import { failures } from './failures.ts'

/** Its default depends on `openTime`. */
const maxOpenTime = { ...defaults['pool.breaker.maxOpenTime'], value: undefined }

const slowCalls = object(
  {
    latency: required(
      duration(defaults['pool.breaker.slowCalls.latency'], {
        description: 'Until an answer’s head has come; what takes longer is slow.',
        examples: ['2s'],
      }),
    ),
    ratio: number(defaults['pool.breaker.slowCalls.ratio'], {
      description: 'Opens when this share of answers is slow.',
    }),
  },
  { description: 'Opens on slowness, too.', examples: [{ latency: '2s' }] },
)

const body = object(
  {
    failures: failures(defaults['pool.breaker.failures']),
    window: duration(defaults['pool.breaker.window'], { description: 'How far back shares are counted.' }),
    minRequests: count(defaults['pool.breaker.minRequests'], {
      description: 'Shares of fewer requests than this within the window do not count.',
    }),
    errorRatio: switchable(
      number(defaults['pool.breaker.errorRatio'], { description: 'Opens when this share of requests failed.' }),
      'number',
    ),
    failuresInRow: switchable(
      count(defaults['pool.breaker.failuresInRow'], { description: 'Opens after so many failures in a row.' }),
      'number',
    ),
    slowCalls,
    openTime: duration(defaults['pool.breaker.openTime'], {
      description: 'How long it stays open at first; twice as long each time that it opens again soon.',
    }),
    maxOpenTime: located(
      showDefault(
        duration(maxOpenTime, {
          description: 'It never stays open for longer. At least `openTime`.',
          examples: [formatDuration(defaults['pool.breaker.maxOpenTime'].value)],
        }),
        formatDuration(defaults['pool.breaker.maxOpenTime'].value),
      ),
    ),
    jitter: number(defaults['pool.breaker.jitter'], { description: 'Each open time is shorter by up to this share.' }),
    trials: count(defaults['pool.breaker.trials'], {
      description: 'Afterwards it is tried by so many requests at once, and closed when so many went well.',
    }),
  },
  {
    description:
      'Gives a backend that fails too often nothing for a while, then a few requests; `{}` does so by the defaults. Without it there is none.',
    examples: [{}, { errorRatio: 0.3, openTime: '10s' }],
  },
)

/** A pool's `breaker`; undefined when absent: there is none. */
export const breaker: Field<BreakerPolicy | undefined> = convert(body, (value, node, reading) => {
  const { openTime, maxOpenTime: longest, slowCalls: slow } = value
  if (longest !== undefined && longest.value < openTime)
    reading.report(longest.node, { rule: 'must not be shorter than openTime' })
  if (node !== undefined && value.errorRatio === undefined && value.failuresInRow === undefined && slow === undefined)
    reading.report(node, { rule: 'must have one of errorRatio, failuresInRow and slowCalls: nothing else opens it' })
  return {
    failures: value.failures,
    windowMs: value.window,
    minRequests: value.minRequests,
    errorRatio: value.errorRatio,
    failuresInRow: value.failuresInRow,
    slowCalls: slow?.latency === undefined ? undefined : { latencyMs: slow.latency, ratio: slow.ratio },
    openTimeMs: openTime,
    maxOpenTimeMs: longest?.value ?? Math.max(defaults['pool.breaker.maxOpenTime'].value, openTime),
    jitterRatio: value.jitter,
    trials: value.trials,
  }
})
