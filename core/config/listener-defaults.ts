/** The defaults of a listener in TCP mode and of what the system does with its sockets: see `defaults.ts`. */
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const kibibyte = 1024

/** Linux counts probes in whole seconds, up to 32767. */
const probeRange = { unit: 'ms', min: second, max: 9 * hour } as const

export const listenerDefaults = {
  'listener.maxDuration': {
    unit: 'ms',
    min: 10,
    max: 30 * 24 * hour,
    value: undefined,
    reason: 'A connection to a database lives as long as the program that holds it.',
  },
  'listener.backlog': {
    unit: 'count',
    min: 1,
    max: 65_535,
    value: undefined,
    reason: 'As many as most systems allow, so that a burst of clients is not told to try again.',
  },
  'listener.keepAlive.idle': {
    ...probeRange,
    value: minute,
    reason: 'Most of what forgets silent connections on the way does so after some minutes.',
  },
  'listener.keepAlive.interval': { ...probeRange, value: 10 * second, reason: 'Long enough for one that was lost.' },
  'listener.keepAlive.count': {
    unit: 'count',
    min: 1,
    max: 127,
    value: 6,
    reason: 'A minute without an answer is no hiccup.',
  },
  'listener.userTimeout': {
    unit: 'ms',
    min: 100,
    max: 24 * hour,
    value: undefined,
    reason: 'The system gives up by itself, though late.',
  },
  'listener.sendBuffer': {
    unit: 'bytes',
    min: 4 * kibibyte,
    max: kibibyte * kibibyte * kibibyte,
    value: undefined,
    reason: 'The system finds out by itself how much a connection needs.',
  },
} as const
