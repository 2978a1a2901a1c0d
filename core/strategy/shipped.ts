/** The strategies in `plugins/`, by the name that a config uses; each is `plugins/<name>.ts`. */
export const shippedStrategies = [
  'round-robin',
  'random',
  'least-connections',
  'expected-delay',
  'p2c',
  'peak-ewma',
  'consistent-hash',
  'geo-affinity',
] as const

export const isShipped = (name: string): boolean => shippedStrategies.some((shipped) => shipped === name)

/** Those of them that read the request's affinity key. */
export const keyedStrategies: readonly string[] = ['consistent-hash']

/** Those that read where the client is. */
export const placedStrategies: readonly string[] = ['geo-affinity']
