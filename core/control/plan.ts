/** Old Config + new Config -> what differs, in words for people, and what is open where something goes away. Pure. */
import { formatListenAddress } from '../address.ts'
import type { Config, ListenerConfig } from '../config/config.ts'
import { formatKey } from '../config/read/reading.ts'
import { accessLogAsWritten } from '../config/schema/access-log.ts'
import { describeRoute } from '../route/describe.ts'
import { fingerprint } from '../secrets.ts'
import type { Change } from './contract.ts'
import { type Difference, differences } from './differences.ts'
import type { EdgeLoad } from './edge-control.ts'
import { addLoads, noLoad, planPool } from './plan-pool.ts'

type RouteRule = Config['routes'][number]

/** For what has happened, where what it ended says nothing any more. */
export const nothingOpen: EdgeLoad = { listeners: new Map(), pools: new Map() }

/** None when the two are equal. Never shows a secret. */
export function planChanges(from: Config, to: Config, load: EdgeLoad): Change[] {
  const { listeners, routes, tcpRoutes, pools, admin, transport, accessLog, clients, redis, ...settings } = from
  const { listeners: nextListeners, routes: nextRoutes, tcpRoutes: nextTcp, pools: nextPools, ...more } = to
  const { admin: nextAdmin, transport: nextTransport, accessLog: nextAccessLog, ...others } = more
  const { clients: nextClients, redis: nextRedis, ...nextSettings } = others
  const [log, nextLog] = [accessLog, nextAccessLog].map((policy) => policy && accessLogAsWritten(policy))
  const loadOf = (pool: string) => load.pools.get(pool) ?? new Map<string, never>()
  return [
    ...planListeners(listeners, nextListeners, load),
    ...differences('admin', admin, nextAdmin).map(other),
    ...differences('transport', transport, nextTransport).map(atNextStart),
    ...differences('log.access', log, nextLog).map(other),
    ...differences('clients', clientsAsWritten(clients, redis), clientsAsWritten(nextClients, nextRedis)).map(other),
    ...differences('', settings, nextSettings).map(other),
    ...planRoutes([...routes, ...tcpRoutes], [...nextRoutes, ...nextTcp]),
    ...byName(pools, nextPools).flatMap(({ name, old, next }): Change[] => {
      if (old === next) return []
      const key = formatKey(['pools', name])
      if (next === undefined) return [gone(key, 'removed', addLoads(loadOf(name).values()))]
      if (old !== undefined) return planPool(key, old, next, loadOf(name))
      return [other({ key, text: `added, ${counted(next.members.length, 'backend')}` })]
    }),
  ]
}

/** `clients` holds both in the file. */
const clientsAsWritten = (clients: Config['clients'], redis: Config['redis']) =>
  clients === undefined && redis === undefined ? undefined : { ...clients, redis }

/** What is chosen once, when the process starts. */
const atNextStart = ({ key, text }: Difference): Change => other({ key, text: `${text}, with the next start` })

const other = ({ key, text }: Difference): Change => gone(key, text, noLoad)

const gone = (key: string, text: string, { connections, tunnels }: typeof noLoad): Change => ({
  kind: 'other',
  key,
  text,
  connections,
  tunnels,
})

/** What keeps its address keeps its connections, whatever it is called. */
function planListeners(old: readonly ListenerConfig[], next: readonly ListenerConfig[], load: EdgeLoad): Change[] {
  const kept = new Set(next.map(textOf))
  return byName(wholeListeners(old), wholeListeners(next)).flatMap(({ name, old, next }): Change[] => {
    const key = formatKey(['listeners', name])
    const [before, after] = [old, next].map((listener) => listener?.all.map(textOf).join(', '))
    const settings = differences(key, settingsOf(old?.all), settingsOf(next?.all)).map(other)
    if (before === after) return settings
    if (before === undefined) return [other({ key, text: `added on ${after}` })]
    const text = after === undefined ? `removed from ${before}` : `moved ${before} -> ${after}`
    const left = old?.all.map(textOf).filter((address) => !kept.has(address)) ?? []
    const moved = gone(key, text, addLoads(left.map((address) => load.listeners.get(address) ?? noLoad)))
    return after === undefined ? [moved] : [moved, ...settings]
  })
}

const textOf = ({ address }: ListenerConfig): string => formatListenAddress(address)

/** Those of one name together. */
const wholeListeners = (listeners: readonly ListenerConfig[]) =>
  [...Map.groupBy(listeners, ({ name }) => name)].map(([name, all]) => ({ name, all }))

/** What a listener may change while its addresses stay, as the file writes it; of several addresses by the first that has it. */
function settingsOf(all: readonly ListenerConfig[] = []) {
  const [first] = all
  if (first === undefined) return {}
  const { name: _name, address: _address, permissions: _permissions, options, ...settings } = first
  const flags = { reusePort: all.some((one) => one.reusePort), deferAccept: all.some((one) => one.deferAccept) }
  const permissions = all.find((one) => one.permissions !== undefined)?.permissions
  const octal = permissions === undefined ? undefined : `0${permissions.toString(8).padStart(3, '0')}`
  const { engine = 'own', http3 = false } = settings
  return { ...settings, engine, http3, ...flags, ...optionsAsWritten(options), permissions: octal }
}

/** By the keys of the file. */
const optionsAsWritten = ({ backlog, keepAlive, userTimeoutMs, sendBufferBytes }: ListenerConfig['options'] = {}) => ({
  backlog,
  keepAlive,
  userTimeoutMs,
  sendBufferBytes,
})

/** Running requests keep the route they took, so that a route which goes ends nothing. */
function planRoutes(old: readonly RouteRule[], next: readonly RouteRule[]): Change[] {
  const byRequests = (rules: readonly RouteRule[]) =>
    new Map(rules.map(({ match, pool, ...settings }) => [fingerprint([match, pool]), { match, pool, settings }]))
  // The same object is no change: of thousands that providers have added most are.
  const [former, latter] = [new Set(old), new Set(next)]
  const before = byRequests(old.filter((rule) => !latter.has(rule)))
  const after = byRequests(next.filter((rule) => !former.has(rule)))
  const changes = [
    ...[...after].flatMap(([key, rule]) => {
      const known = before.get(key)
      if (known === undefined) return [`added: ${describeRoute(rule)}`]
      return differences('routes', known.settings, rule.settings).map(({ text }) => `${describeRoute(rule)}: ${text}`)
    }),
    ...[...before].flatMap(([key, rule]) => (after.has(key) ? [] : [`removed: ${describeRoute(rule)}`])),
  ]
  const isSame = old.length === next.length && old.every((rule, index) => rule === next[index])
  const isMoved = changes.length === 0 && !isSame && fingerprint(old) !== fingerprint(next)
  return [...changes, ...(isMoved ? ['in another order'] : [])].map((text) => other({ key: 'routes', text }))
}

interface Pair<T> {
  readonly name: string
  readonly old: T | undefined
  readonly next: T | undefined
}

/** In the new order, what is gone last. */
function byName<T extends { readonly name: string }>(old: readonly T[], next: readonly T[]): Pair<T>[] {
  const before = new Map(old.map((one) => [one.name, one]))
  const after = new Map(next.map((one) => [one.name, one]))
  const names = new Set([...after.keys(), ...before.keys()])
  return [...names].map((name) => ({ name, old: before.get(name), next: after.get(name) }))
}

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
