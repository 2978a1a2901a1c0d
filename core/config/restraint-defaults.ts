/**
 * The defaults of what leaves a pool's members out, or lets them in slowly: breaker, ejection, slow start, and how far they
 * may go. Part of `defaults.ts`'s table, under the same rules.
 */
import type { Setting, TextSetting } from './setting.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

export const restraintDefaults = {
  'pool.maxEjected': {
    unit: 'ratio',
    value: 0.5,
    min: 0,
    max: 1,
    reason:
      'Where more than half do badly, the fault is hardly theirs, and the others could not bear it. So the only member of a pool is never cut off by it.',
  },
  'pool.panicThreshold': {
    unit: 'ratio',
    value: 0,
    min: 0,
    max: 1,
    reason:
      'Off: in a pool of a few, half of it down is an ordinary day, and checks know. For dozens of members 0.5, as Envoy has it, tells a broken check from broken members.',
  },
  'pool.breaker.failures': {
    value: 'connect, timeout, reset, protocol, 500-599',
    reason: 'Whatever a client would see as an error of the service.',
  },
  'pool.breaker.window': {
    unit: 'ms',
    value: 10 * second,
    min: second,
    max: 10 * minute,
    reason: 'Long enough for a ratio at two requests a second, short enough to be about now.',
  },
  'pool.breaker.minRequests': {
    unit: 'count',
    value: 20,
    min: 1,
    max: 1_000_000,
    reason: 'Of fewer, a ratio is chance.',
  },
  'pool.breaker.errorRatio': {
    unit: 'ratio',
    value: 0.5,
    min: 0.01,
    max: 1,
    reason: 'A service of which every other request fails does more harm than good.',
  },
  'pool.breaker.failuresInRow': {
    unit: 'count',
    value: 10,
    min: 1,
    max: 10_000,
    reason: 'For a backend with few requests. Five, as Envoy has it, comes by chance where one in ten fails.',
  },
  'pool.breaker.slowCalls.latency': {
    unit: 'ms',
    value: undefined,
    min: 1,
    max: hour,
    reason: 'Only who runs the service knows what is slow.',
  },
  'pool.breaker.slowCalls.ratio': {
    unit: 'ratio',
    value: 0.8,
    min: 0.01,
    max: 1,
    reason: 'A few slow pages are no illness.',
  },
  'pool.breaker.openTime': {
    unit: 'ms',
    value: 5 * second,
    min: 100,
    max: hour,
    reason: 'A restart is over by then, or it is opened again.',
  },
  'pool.breaker.maxOpenTime': {
    unit: 'ms',
    value: 2 * minute,
    min: 100,
    max: 24 * hour,
    reason: 'Somebody who mends a backend does not want to wait for longer.',
  },
  'pool.breaker.jitter': {
    unit: 'ratio',
    value: 0.2,
    min: 0,
    max: 0.5,
    reason: 'Several balancers do not try it at the same moment.',
  },
  'pool.breaker.trials': {
    unit: 'count',
    value: 3,
    min: 1,
    max: 1000,
    reason: 'One good answer may be luck; more than a few would hurt as many clients.',
  },
  'pool.ejection.failures': {
    value: 'connect, timeout, reset, protocol, 500-599',
    reason: 'Whatever a client would see as an error of the service.',
  },
  'pool.ejection.interval': {
    unit: 'ms',
    value: 10 * second,
    min: 100,
    max: hour,
    reason: 'As in gRFC A50 and in Envoy.',
  },
  'pool.ejection.baseTime': {
    unit: 'ms',
    value: 30 * second,
    min: 100,
    max: hour,
    reason: 'As in gRFC A50 and in Envoy.',
  },
  'pool.ejection.maxTime': {
    unit: 'ms',
    value: 5 * minute,
    min: 100,
    max: 24 * hour,
    reason: 'As in gRFC A50 and in Envoy.',
  },
  'pool.ejection.maxStatistical': {
    unit: 'ratio',
    value: 0.1,
    min: 0,
    max: 1,
    reason: 'Somebody is always the worst: gRFC A50 and Envoy leave out a tenth for that, yet always one.',
  },
  'pool.ejection.successRate.factor': {
    unit: 'ratio',
    value: 1.9,
    min: 0.1,
    max: 10,
    reason: 'As in gRFC A50 and in Envoy; of five equal members one that fails alone is just beyond it.',
  },
  'pool.ejection.successRate.minBackends': {
    unit: 'count',
    value: 5,
    min: 2,
    max: 1000,
    reason: 'As in gRFC A50 and in Envoy; fewer have no deviation worth the name.',
  },
  'pool.ejection.successRate.minRequests': {
    unit: 'count',
    value: 100,
    min: 1,
    max: 1_000_000,
    reason: 'As in gRFC A50 and in Envoy; of fewer, a rate is chance.',
  },
  'pool.ejection.failureRatio.ratio': {
    unit: 'ratio',
    value: 0.85,
    min: 0,
    max: 0.99,
    reason: 'As in gRFC A50 and in Envoy.',
  },
  'pool.ejection.failureRatio.minBackends': {
    unit: 'count',
    value: 5,
    min: 1,
    max: 1000,
    reason: 'As in gRFC A50 and in Envoy.',
  },
  'pool.ejection.failureRatio.minRequests': {
    unit: 'count',
    value: 50,
    min: 1,
    max: 1_000_000,
    reason: 'As in gRFC A50 and in Envoy.',
  },
  'pool.ejection.failuresInRow': {
    unit: 'count',
    value: 10,
    min: 1,
    max: 10_000,
    reason: 'For pools too small to compare. Five, as Envoy has it, comes by chance where one in ten fails.',
  },
  'pool.slowStart.window': {
    unit: 'ms',
    value: 30 * second,
    min: 100,
    max: hour,
    reason: 'About what caches and compilers take to get warm.',
  },
  'pool.slowStart.curve': {
    unit: 'ratio',
    value: 1,
    min: 0.1,
    max: 10,
    reason: 'A straight line is what people expect.',
  },
  'pool.slowStart.floor': {
    unit: 'ratio',
    value: 0.1,
    min: 0.01,
    max: 1,
    reason: 'As Envoy: enough to get warm by.',
  },
  'pool.slowStart.grace': {
    unit: 'ms',
    value: 10 * second,
    min: 0,
    max: hour,
    reason: 'At the start of SmartEdge nobody is warmer than another, and first checks are over by then.',
  },
} as const satisfies Readonly<Record<string, Setting | TextSetting>>
