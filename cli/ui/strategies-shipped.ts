/** The strategies that the palette offers; own files are typed in the config. A test holds the list to the loader's. */
export const shippedStrategies = [
  'round-robin',
  'random',
  'least-connections',
  'p2c',
  'peak-ewma',
  'consistent-hash',
  'geo-affinity',
] as const
