/** The instances of a service that Consul knows, by its health API and blocking queries. */
import type { Cancel, Clock } from '../clock.ts'
import { type Attempt, type AttemptServices, keepTrying } from './attempts.ts'
import { blockOn, type ConsulClientServices } from './consul-client.ts'
import { isObject, type JsonObject, listIn, objectIn, parseList, textIn } from './json.ts'
import { listReader, type ListReading } from './json-list.ts'
import type { ReadMember } from './listing.ts'
import { readParts } from './member-parts.ts'
import type { ConsulPolicy } from './policy.ts'
import type { Source, SourceSink } from './source.ts'

export interface ConsulServices extends ListReading, AttemptServices, ConsulClientServices {
  readonly clock: Pick<Clock, 'now' | 'after' | 'soon'>
}

/** What members may weigh; those of Consul may be 0, or more. */
const [LEAST_WEIGHT, MOST_WEIGHT] = [0.001, 1000]
/** 10,000 instances and more. */
const INSTANCES = { maxBytes: 32 * 1024 ** 2, parse: parseList, otherwise: 'no list of instances' }

export const consulSource = (policy: ConsulPolicy, services: ConsulServices): Source => ({
  start: (sink) => keepTrying(services, sink, (attempt) => follow(policy, { services, sink, attempt })),
})

interface Following {
  readonly services: ConsulServices
  readonly sink: SourceSink
  readonly attempt: Attempt
}

function follow(policy: ConsulPolicy, { services, sink, attempt }: Following): Cancel {
  const { clock, readMember } = services
  const reading = { clock, nameOf, readMember: (instance: unknown) => readInstance(instance, readMember) }
  const reader = listReader(reading, (listing) => sink.publish(listing))

  function take(instances: readonly unknown[]): void {
    const usable = instances.filter((one) => !isObject(one) || standingOf(one) !== 'critical')
    if (usable.length > 0) return reader.read(usable)
    reader.stop()
    sink.vanish(`${policy.service} has no instance that ${policy.isPassing ? 'passes' : 'is not critical'}`)
  }

  const cancel = blockOn({
    server: policy,
    url: urlOf(policy),
    expected: INSTANCES,
    denied: 'the token may not read this service',
    services,
    attempt,
    said: take,
    confirm: () => sink.confirm(),
  })
  return () => {
    cancel()
    reader.stop()
  }
}

function urlOf({ address, service, tags, datacenter, isPassing, read }: ConsulPolicy): URL {
  const url = new URL(`/v1/health/service/${encodeURIComponent(service)}`, address)
  for (const tag of tags) url.searchParams.append('tag', tag)
  if (datacenter !== undefined) url.searchParams.set('dc', datacenter)
  if (isPassing) url.searchParams.set('passing', '1')
  if (read !== 'default') url.searchParams.set(read, '')
  return url
}

type Standing = 'passing' | 'warning' | 'critical'

/** As bad as the worst of its checks. */
function standingOf(instance: JsonObject): Standing {
  const statuses = listIn(instance, 'Checks').map((check) => (isObject(check) ? textIn(check, 'Status') : undefined))
  if (statuses.some((status) => status === 'critical' || status === 'maintenance')) return 'critical'
  return statuses.includes('warning') ? 'warning' : 'passing'
}

function nameOf(instance: unknown): string {
  const service = isObject(instance) ? objectIn(instance, 'Service') : {}
  return textIn(service, 'ID') ?? 'an instance'
}

function readInstance(instance: unknown, readMember: ReadMember): ReturnType<ReadMember> {
  if (!isObject(instance)) return { kind: 'fault', reason: 'is no instance' }
  const service = objectIn(instance, 'Service')
  const node = objectIn(instance, 'Node')
  const host = textIn(service, 'Address') || textIn(node, 'Address')
  if (host === undefined || host === '') return { kind: 'fault', reason: 'has no address' }
  const weight = objectIn(service, 'Weights')[standingOf(instance) === 'warning' ? 'Warning' : 'Passing']
  return readParts(
    {
      host,
      port: service['Port'],
      weight: typeof weight === 'number' ? Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, weight)) : undefined,
      zone: zoneOf(service) ?? zoneOf(node),
    },
    readMember,
  )
}

/** Consul 1.17 and up has it as `Locality`; before that people write it into `Meta`. */
const zoneOf = (part: JsonObject): string | undefined =>
  textIn(objectIn(part, 'Locality'), 'Zone') ?? textIn(objectIn(part, 'Meta'), 'zone')
