/** What other balancers call what stands here under another name, for hints on unknown keys. Pure. */

/** In lower case, without - and _. */
const names: Readonly<Record<string, readonly string[]>> = {
  backends: [
    'servers',
    'server',
    'members',
    'upstream',
    'upstreams',
    'targets',
    'endpoints',
    'hosts',
    'nodes',
    'origins',
  ],
  pools: ['services', 'clusters', 'upstreams', 'groups'],
  strategy: ['algorithm', 'balance', 'lbpolicy', 'loadbalancer', 'policy', 'method'],
  listeners: ['listen', 'entrypoints', 'frontends', 'bind', 'port', 'ports'],
  routes: ['rules', 'routers', 'paths'],
  health: ['healthcheck', 'healthchecks', 'check', 'activehealthcheck'],
  sticky: ['stickysessions', 'session', 'sessionaffinity', 'persistence'],
  url: ['address', 'host', 'hostname', 'port', 'server', 'target', 'uri'],
  pool: ['service', 'cluster', 'upstream', 'backend', 'to', 'target'],
  maxConnections: ['maxconns', 'maxconn'],
  weight: ['share'],
  cert: ['certificate', 'certfile', 'crt', 'pem'],
  serverName: ['sni', 'servername', 'hostname'],
  verify: ['rejectunauthorized', 'sslverify', 'tlsverify'],
  limits: ['ratelimit', 'ratelimits'],
}

/** The one of `known` that others call `name`. */
export function otherName(name: string, known: readonly string[]): string | undefined {
  const plain = name.toLowerCase().replaceAll(/[-_]/g, '')
  return known.find((key) => names[key]?.includes(plain))
}
