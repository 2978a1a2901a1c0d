/** The keys of a listener in TCP mode: where its connections go, how long they last, and how many each client may have. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { AddressPolicy } from '../../admission/policy.ts'
import type { LimitPolicy } from '../../limits/policy.ts'
import type { RouteMatch } from '../../route/route.ts'
import type { PoolConfig, TcpRouteConfig } from '../config.ts'
import { defaults } from '../defaults.ts'
import { canonicalHost } from '../network.ts'
import { type Named, object, record } from '../read/containers.ts'
import { type Field, type Located, located, required } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, duration } from '../read/scalars.ts'
import { addresses } from './access-addresses.ts'
import { limits } from './limits.ts'
import { poolHint, poolName } from './route.ts'

const modes = choice(['http', 'tcp'], {
  description:
    'What clients speak: HTTP, or anything else over TCP, whose bytes are passed on as they come (docs/tcp.md). Permissions of a `unix:` address stand in `permissions`.',
})

/** An older config has the permissions of a Unix socket there. */
const mode: Field<'http' | 'tcp' | undefined> = {
  ...modes,
  read(node, reading) {
    if (node === undefined || !/^0?[0-7]{3}$/.test(String(node.value))) return modes.read(node, reading)
    const rule = 'must be one of "http", "tcp": permissions of a unix: address are called otherwise now'
    return reading.report(node, { rule, hint: `"permissions": ${JSON.stringify(String(node.value))}` })
  },
}

/** As in a route's `match.host`. */
const serverName = {
  namePattern: /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,250}[A-Za-z0-9_])?$/,
  nameRule: 'must be a server name such as "db.example.com" or "*.example.com"',
} as const

const passthrough = object(
  {
    routes: required(
      record(located(poolName), {
        ...serverName,
        noun: 'server name',
        description:
          'Server names and the pools of their connections: exact, or `*.example.com` for any depth below it. The first that matches wins.',
        examples: [{ 'db.example.com': 'db', '*.example.com': 'web' }],
      }),
    ),
  },
  {
    description:
      'Goes by the server name that a TLS client asks for, and passes its bytes on without ending TLS; the listener’s `pool` has those that ask for no name, or for another. Without `pool` they are refused.',
  },
)

/** Of a listener, beside `mode`: for TCP mode alone. */
export const tcpFields = {
  pool: located({
    ...poolName,
    schema: { ...poolName.schema, description: 'In TCP mode: the pool that connections go to.' },
  }),
  passthrough: located(passthrough),
  access: located(
    object(
      { addresses },
      { description: 'In TCP mode: who may connect, as in the `access` of a route. Who may not is reset.' },
    ),
  ),
  limits: located(limits),
  idleTimeout: located(
    duration(
      { ...defaults['timeouts.tunnel'], value: undefined },
      {
        description: 'In TCP mode: longest silence, both ways; by default `timeouts.tunnel`.',
        examples: ['10m'],
      },
    ),
  ),
  maxDuration: located(
    duration(defaults['listener.maxDuration'], {
      description: 'In TCP mode: how long a connection may last, whatever it does; no bound by default.',
      examples: ['12h'],
    }),
  ),
} as const

export const modeField = mode

type Values = { readonly [Key in keyof typeof tcpFields]: ReturnType<(typeof tcpFields)[Key]['read']> }

/** What a listener in TCP mode leads to; its pools are not looked up yet. */
export interface TcpDraft {
  readonly routes: readonly { readonly host: string | undefined; readonly pool: Located<string> }[]
  readonly isPassthrough: boolean
  readonly access: { readonly addresses: AddressPolicy | undefined } | undefined
  readonly limits: readonly LimitPolicy[] | undefined
  readonly idleMs: number | undefined
  readonly longestMs: number | undefined
}

/** undefined: it speaks HTTP, for which these keys are none. `mode` undefined: what it says is faulty. `node`: the listener's. */
export function tcpDraft(
  mode: 'http' | 'tcp' | undefined,
  values: Values,
  node: Node | undefined,
  reading: Reading,
): TcpDraft | undefined {
  const { pool, passthrough: byName, access, limits: bounds, idleTimeout, maxDuration } = values
  if (mode === 'http') {
    for (const one of Object.values(values))
      if (one !== undefined) reading.report(one.node, { rule: 'is for listeners with "mode": "tcp"' })
    return undefined
  }
  const written = node && findNodeAtLocation(node, ['pool'])
  const isNameless = node && findNodeAtLocation(node, ['passthrough']) === undefined
  if (mode === 'tcp' && isNameless && written === undefined)
    reading.report(node, { rule: 'is required with "mode": "tcp"' }, { child: 'pool' })
  if (bounds !== undefined) checkKeys(bounds, reading)
  const named = (byName?.value.routes ?? []).map(({ name, key, value }) => ({
    host: canonicalName(name, key, reading),
    pool: value,
  }))
  return {
    routes: [...named, ...(pool === undefined ? [] : [{ host: undefined, pool }])],
    isPassthrough: byName !== undefined,
    access: access?.value,
    limits: bounds?.value,
    idleMs: idleTimeout?.value,
    longestMs: maxDuration?.value,
  }
}

function canonicalName(name: string, key: Node, reading: Reading): string {
  const prefix = name.startsWith('*.') ? '*.' : ''
  const canonical = canonicalHost(name.slice(prefix.length))
  if (canonical === undefined) reading.report(key, { rule: serverName.nameRule })
  return prefix + (canonical ?? name)
}

/** There is nothing else to tell connections apart by. */
function checkKeys({ value, node }: Located<readonly LimitPolicy[]>, reading: Reading): void {
  value.forEach(({ by }, index) => {
    const known = by.every(({ kind }) => kind === 'address' || kind === 'route')
    const written = findNodeAtLocation(node, [index, 'by'])
    if (!known && written) reading.report(written, { rule: 'must be "address" or "route" in TCP mode' })
  })
}

/** Looks the pools up. `tunnelMs`: how long any tunnel may be silent. */
export function tcpRoutesOf(
  listeners: readonly Named<{ readonly tcp: TcpDraft | undefined }>[],
  pools: readonly Named<PoolOfTcp>[],
  tunnelMs: number,
  reading: Reading,
): TcpRouteConfig[] {
  const byName = new Map(pools.map(({ name, value }) => [name, value]))
  return listeners.flatMap(({ name: listener, value: { tcp } }) =>
    (tcp?.routes ?? []).map(({ host, pool }): TcpRouteConfig => {
      const target = byName.get(pool.value)
      if (target === undefined)
        reading.report(pool.node, {
          rule: 'must be the name of a pool',
          hint: poolHint(pool.value, [...byName.keys()]),
        })
      else checkPool(target, pool.node, reading)
      const match: RouteMatch & { listener: string } = {
        listener,
        host,
        path: undefined,
        methods: undefined,
        headers: [],
      }
      return {
        match,
        pool: pool.value,
        priority: defaults['route.priority'].value,
        ...(tcp?.access?.addresses && { access: { addresses: tcp.access.addresses } }),
        ...(tcp?.limits && { limits: tcp.limits }),
        tunnel: { idleMs: tcp?.idleMs ?? tunnelMs, longestMs: tcp?.longestMs },
      }
    }),
  )
}

type PoolOfTcp = Pick<PoolConfig, 'affinity' | 'health' | 'protocol'> & { readonly sticky: unknown }

/** What of a pool needs a request to go by. */
function checkPool({ affinity, health, protocol, sticky }: PoolOfTcp, node: Node, reading: Reading): void {
  const odd = affinity.find(({ kind }) => kind !== 'client')
  if (odd !== undefined)
    reading.warn(node, {
      rule: `has an affinity by ${odd.kind}, which a connection in TCP mode has none of`,
      hint: '"affinity": "client" goes by its address',
    })
  if (protocol !== undefined && protocol !== 'http/1.1')
    reading.report(node, { rule: `must be a pool without "protocol": "${protocol}", whose connections are shared` })
  // Who names a path means a program beside the server, which tells how that is.
  if (health?.check.kind === 'http' && health.check.path === defaults['pool.health.path'].value)
    reading.warn(node, { rule: 'has health checks that ask for a page', hint: '"check": "tcp" opens a connection' })
  if (sticky !== undefined)
    reading.warn(node, { rule: 'has sticky sessions, which need HTTP: its connections have none' })
}
