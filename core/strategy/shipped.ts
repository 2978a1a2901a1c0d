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
