/** One entry of `pools`: members, and everything about how they are chosen, checked and spoken to. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { PoolConfig } from '../config.ts'
import { defaults } from '../defaults.ts'
import { object, section } from '../read/containers.ts'
import { convert, type Field, located, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { count, duration, number } from '../read/scalars.ts'
import { breaker } from './breaker.ts'
import { concurrency } from './concurrency.ts'
import { discovery } from './discovery.ts'
import { ejection } from './ejection.ts'
import { health } from './health.ts'
import { checkPlaces, protocol } from './http2.ts'
import { limits } from './limits.ts'
import { backends } from './member.ts'
import { backendTls } from './backend-tls.ts'
import { queue, warnOfIdleQueue } from './queue.ts'
import { proxyOut } from './proxy-out.ts'
import { poolRetry } from './retry.ts'
import { routes } from './route.ts'
import { slowStart } from './slow-start.ts'
import { sticky, type StickyDraft } from './sticky.ts'
import { affinity, strategy, warnOfIdleAffinity } from './strategy.ts'
import { warnOfIdlePoolKeys } from './idle-keys.ts'

const maxEjectedSetting = defaults['pool.maxEjected']
const panicSetting = defaults['pool.panicThreshold']

const passive = section(
  {
    failures: count(defaults['pool.passive.failures'], {
      description: 'Connect failures in a row that take a member out.',
    }),
    retryAfter: duration(defaults['pool.passive.retryAfter'], {
      description: 'Without active checks, how long it stays out before a request tries it again, each time.',
    }),
  },
  { description: 'What failures in traffic do; always on.' },
)

const timeouts = section(
  {
    connect: duration(defaults['pool.timeouts.connect'], { description: 'To open a connection.' }),
    response: duration(defaults['pool.timeouts.response'], {
      description: 'From the request’s end to the response’s head.',
    }),
    idle: duration(defaults['pool.timeouts.idle'], { description: 'Longest silence inside a response body.' }),
    keepAlive: duration(defaults['pool.timeouts.keepAlive'], {
      description: 'How long an unused connection is kept; keep it under the backend’s own.',
    }),
    maxAge: duration(defaults['pool.timeouts.maxAge'], {
      description: 'How old a connection may be and still serve another request.',
    }),
  },
  { description: 'How long a backend may keep us waiting.' },
)

const body = object(
  {
    backends,
    discovery,
    strategy,
    affinity,
    sticky,
    health,
    passive,
    protocol: located(protocol),
    tls: located(backendTls),
    proxyProtocol: proxyOut,
    breaker: located(breaker),
    ejection: located(ejection),
    slowStart,
    maxEjected: located(
      showDefault(
        number(
          { ...maxEjectedSetting, value: undefined },
          {
            description:
              'The part of the members that `breaker` and `ejection` may hold out, whoever else is out counted; those beyond it are used all the same.',
            examples: [0.3],
          },
        ),
        maxEjectedSetting.value,
      ),
    ),
    panicThreshold: located(
      showDefault(
        number(
          { ...panicSetting, value: undefined },
          {
            description:
              'Where a smaller part of the members is usable, all are used that nobody told to drain, whatever checks say.',
            examples: [0.5],
          },
        ),
        panicSetting.value,
      ),
    ),
    retry: poolRetry,
    timeouts,
    maxIdleConnections: count(defaults['pool.maxIdleConnections'], {
      description: 'Idle connections kept open to each backend.',
    }),
    maxConnections: count(defaults['pool.maxConnections'], {
      description: 'Connections open to each backend, idle ones included; no cap by default.',
    }),
    queue: located(queue),
    concurrency,
    maxInflight: count(defaults['pool.maxInflight'], {
      description:
        'Requests at once in the whole pool, upgraded connections included; no bound by default. Each backend may have one of its own.',
      examples: [500],
    }),
    limits,
  },
  { description: 'Backends that serve the same, and how one is chosen.' },
  { homes: { 'an item of "routes"': routes } },
)

type Body = NonNullable<ReturnType<typeof body.read>>

/** From somewhere members must come; an empty list of backends says that they are to be added. */
function checkMembers(node: Node, reading: Reading): void {
  if (['backends', 'discovery'].some((key) => findNodeAtLocation(node, [key]) !== undefined)) return
  reading.report(node, { rule: 'is required, or discovery that finds members' }, { child: 'backends' })
}

/** What of these would never come about. */
function checkRestraint({ breaker, ejection, maxEjected, panicThreshold, timeouts }: Body, reading: Reading): void {
  const rules = [breaker, ejection].filter((one) => one !== undefined)
  const most = maxEjected?.value ?? maxEjectedSetting.value
  if (most === 0 && maxEjected !== undefined && rules.length > 0)
    reading.warn(maxEjected.node, { rule: 'is 0, so that breaker and ejection never hold anybody out' })
  if (rules.length > 0 && panicThreshold !== undefined && panicThreshold.value > 1 - most)
    reading.warn(panicThreshold.node, {
      rule: `is more than 1 - maxEjected (${most}), so that all are used before breaker and ejection have held out as many as they may`,
    })
  const slow = breaker?.value.slowCalls
  if (breaker !== undefined && slow !== undefined && slow.latencyMs >= timeouts.response)
    reading.warn(breaker.node, {
      rule: 'has a slowCalls.latency that is no shorter than timeouts.response: what takes so long is a failure already',
    })
}

/** Members at `http://` are spoken to as that says. */
function warnOfIdleTls({ tls, backends: source, discovery: sources }: Body, reading: Reading): void {
  if (tls === undefined || sources !== undefined || source === undefined) return
  if (source.members.some(({ scheme }) => scheme === 'https')) return
  reading.warn(tls.node, { rule: 'does nothing: no backend is at https://', hint: 'write their URLs so' })
}

/** Over connections in HTTP/2, which all clients share. */
function checkProtocol(
  { protocol, proxyProtocol, backends: source, discovery: sources }: Body,
  reading: Reading,
): void {
  if (protocol === undefined || protocol.value === 'http/1.1') return
  const { value, node } = protocol
  if (proxyProtocol !== undefined)
    reading.report(node, {
      rule: `must not be ${value} with proxyProtocol: in HTTP/2 connections belong to no client alone`,
      hint: 'leave it out',
    })
  if (value === 'auto') {
    if (sources === undefined && source?.members.every(({ scheme }) => scheme === 'http'))
      reading.warn(node, { rule: 'does nothing: no backend is at https://, where it is agreed on what is spoken' })
  } else if (source !== undefined) checkPlaces(value, source)
}

/** All of a pool but its name, and what is called after that. */
export type PoolBody = Omit<PoolConfig, 'name' | 'sticky'> & { readonly sticky: StickyDraft | undefined }

const requires = (key: string) => ({ required: [key] })

/** What editors are to ask for; `checkMembers` says it in words. */
const described = {
  ...body,
  schema: { ...body.schema, anyOf: [requires('backends'), requires('discovery')] },
}

export const pool: Field<PoolBody | undefined> = convert(described, (value, node, reading) => {
  if (node !== undefined) checkMembers(node, reading)
  checkRestraint(value, reading)
  warnOfIdleTls(value, reading)
  checkProtocol(value, reading)
  warnOfIdleAffinity(node, value.strategy, reading)
  warnOfIdlePoolKeys(node, value, reading)
  const {
    backends: source,
    passive,
    breaker,
    ejection,
    maxEjected,
    panicThreshold,
    retry,
    timeouts,
    queue: found,
    discovery: sources,
    protocol,
    tls,
    proxyProtocol,
    ...rest
  } = value
  const held = {
    members: source?.members ?? [],
    breaker: breaker?.value,
    maxEjected: maxEjected?.value ?? maxEjectedSetting.value,
  }
  if (found !== undefined) warnOfIdleQueue(found.node, { ...rest, ...held }, reading)
  if (retry === undefined) return undefined
  return {
    ...rest,
    ...held,
    queue: found?.value,
    membersFile: source?.file,
    ...(sources && { discovery: sources }),
    ...(protocol && { protocol: protocol.value }),
    ...(tls && { tls: tls.value }),
    ...(proxyProtocol && { proxyProtocol }),
    passive: { failures: passive.failures, retryAfterMs: passive.retryAfter },
    ejection: ejection?.value,
    panicThreshold: panicThreshold?.value ?? panicSetting.value,
    retry,
    timeouts: {
      connectMs: timeouts.connect,
      responseMs: timeouts.response,
      idleMs: timeouts.idle,
      keepAliveMs: timeouts.keepAlive,
      maxAgeMs: timeouts.maxAge,
    },
  }
})
