/** The defaults of `listener.tls` and `listener.proxyProtocol`: see `defaults.ts`. */
const second = 1000
const hour = 3600 * second

export const tlsDefaults = {
  'listener.proxyProtocol.timeout': {
    unit: 'ms',
    value: 5 * second,
    min: 10,
    max: 60 * second,
    reason: 'A sender has it ready as it connects; who takes longer holds a place for nothing.',
  },
  'listener.tls.preset': {
    value: 'intermediate',
    reason: 'Every client of the last ten years; nothing that is known to be weak.',
  },
  'listener.tls.minVersion': {
    value: '1.2',
    reason: 'Older versions are broken (RFC 8996); 1.2 is what clients of before 2018 speak.',
  },
  'listener.tls.handshakeTimeout': {
    unit: 'ms',
    value: 10 * second,
    min: 100,
    max: 120 * second,
    reason: 'Two or three round trips over the worst of networks; who takes longer holds memory for nothing.',
  },
  'listener.tls.maxHandshakes': {
    unit: 'count',
    value: 1000,
    min: 1,
    max: 100_000,
    reason: 'More than a machine does in a second; each holds some 40 KiB.',
  },
  'listener.tls.clients.tell': {
    value: 'client-cert',
    reason: 'The standard’s field; a chain is long, and few look at it.',
  },
  'listener.tls.hsts.maxAge': {
    unit: 'ms',
    value: 365 * 24 * hour,
    min: 0,
    max: 10 * 365 * 24 * hour,
    reason: 'A year, which is what lists that browsers bring along ask for; 0 takes it back.',
  },
} as const
