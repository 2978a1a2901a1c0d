/** The defaults of `listener.tls.acme`: see `defaults.ts`. */
const second = 1000

export const acmeDefaults = {
  'listener.tls.acme.directory': {
    value: 'https://acme-v02.api.letsencrypt.org/directory',
    reason: 'Let’s Encrypt: free, and trusted by every client.',
  },
  'listener.tls.acme.challenge': {
    value: 'tls-alpn-01',
    reason: 'It needs nothing but the listener itself, on port 443.',
  },
  'listener.tls.acme.dns.wait': {
    unit: 'ms',
    value: 10 * second,
    min: 0,
    max: 3600 * second,
    reason: 'Most providers have a record on all of their servers by then.',
  },
  'listener.tls.acme.storage.etcd.prefix': {
    value: '/smartedge/acme/',
    reason: 'Beside what else may be in an etcd.',
  },
} as const
