/** What the parsed config calls otherwise than the file. Pure. */

/** Paths of the parsed config, below their section and without units -> what the file calls them there. */
const writtenKeys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  limits: {
    maxHead: 'head',
    maxTarget: 'target',
    maxFields: 'fields',
    maxConnections: 'connections',
    maxReplay: 'replay',
  },
  clients: { 'store.kind': 'store', 'store.path': 'store', 'store.url': 'store' },
  tracing: { sampleRatio: 'sample', formats: 'propagate' },
  overload: { 'memory.kind': 'memory', 'memory.bytes': 'memory', 'memory.ratio': 'memory' },
  pool: {
    'health.check.kind': 'health.check',
    'health.check.path': 'health.path',
    'health.check.host': 'health.host',
    'health.check.expect': 'health.expect',
    'health.jitterRatio': 'health.jitter',
    'breaker.jitterRatio': 'breaker.jitter',
    'breaker.failures.causes': 'breaker.failures',
    'breaker.failures.statuses': 'breaker.failures',
    'ejection.failures.causes': 'ejection.failures',
    'ejection.failures.statuses': 'ejection.failures',
    'sticky.kind': 'sticky',
    'tls.shown.cert': 'tls.cert',
    'tls.shown.key': 'tls.key',
    'tls.verifies': 'tls.verify',
    'proxyProtocol.tells': 'proxyProtocol.tell',
    'proxyProtocol.hasChecksum': 'proxyProtocol.checksum',
    ...Object.fromEntries(
      ['name', 'path', 'domain', 'maxAge', 'sameSite', 'secure', 'httpOnly', 'forward', 'key'].map((key) => [
        `sticky.${key}`,
        `sticky.cookie.${key}`,
      ]),
    ),
    'sticky.from.kind': 'sticky.learn',
    'sticky.from.name': 'sticky.learn',
    'sticky.max': 'sticky.size',
  },
  routes: {
    'tracing.sampleRatio': 'tracing.sample',
    'timeouts.backend.connect': 'timeouts.connect',
    'timeouts.backend.response': 'timeouts.response',
    'timeouts.backend.idle': 'timeouts.idle',
    // Of a listener in TCP mode.
    'tunnel.idle': 'idleTimeout',
    'tunnel.longest': 'maxDuration',
  },
}

/** `path`: dotted, below the section. */
export const writtenKey = (section: string, path: string): string => writtenKeys[section]?.[path] ?? path
