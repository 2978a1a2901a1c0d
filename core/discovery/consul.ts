/**
 * The instances of a service that Consul knows, by its health API and blocking queries: a question with the index of the last
 * answer is answered once something has changed, or after a while. The rules for that index are Consul's own: what goes
 * backwards, or is none, begins at 0.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Answer, Ask } from '../net/ask.ts'
import { type Attempt, type AttemptServices, keepTrying } from './attempts.ts'
import { isObject, type JsonObject, listIn, objectIn, parseList, textIn } from './json.ts'
import { readJsonAnswer } from './json-answer.ts'
import { listReader, type ListReading } from './json-list.ts'
import type { ReadMember } from './listing.ts'
import { readParts } from './member-parts.ts'
import type { ConsulPolicy } from './policy.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'
import type { Source, SourceSink } from './source.ts'

export interface ConsulServices extends ListReading, AttemptServices {
  readonly clock: Pick<Clock, 'now' | 'after' | 'soon'>
  readonly ask: Ask
  readonly readPem: ReadPem
}

/** How long Consul may wait for a change; it adds up to a sixteenth of that. */
const WAIT_MS = 30_000
const TIMEOUT_MS = WAIT_MS + WAIT_MS / 16 + 10_000
/** From one question to the next: an index may rise for what has nothing to do with the service. */
const MIN_INTERVAL_MS = 100
/** What members may weigh; those of Consul may be 0, or more. */
const [LEAST_WEIGHT, MOST_WEIGHT] = [0.001, 1000]
/** 10,000 instances and more. */
const MAX_BYTES = 32 * 1024 ** 2
const INSTANCES = { maxBytes: MAX_BYTES, parse: parseList, otherwise: 'no list of instances' }

export const consulSource = (policy: ConsulPolicy, services: ConsulServices): Source => ({
  start: (sink) => keepTrying(services, sink, (attempt) => follow(policy, { services, sink, attempt })),
})

interface Following {
  readonly services: ConsulServices
  readonly sink: SourceSink
  readonly attempt: Attempt
}

function follow(policy: ConsulPolicy, { services, sink, attempt }: Following): Cancel {
  const { clock, ask, readPem, readMember } = services
  let index = 0
  let askedAt = 0
  let cancel: Cancel = () => undefined
  const reading = { clock, nameOf, readMember: (instance: unknown) => readInstance(instance, readMember) }
  const reader = listReader(reading, (listing) => sink.publish(listing))

  function poll(): void {
    askedAt = clock.now()
    const found = readTls(policy.tls, readPem)
    if (found.kind === 'fault') return attempt.failed(found.reason)
    const token = policy.token === undefined ? [] : [{ name: 'x-consul-token', value: policy.token }]
    const question = { url: urlOf(policy, index), fields: fieldsOf(token), tls: found.tls }
    cancel = ask({ ...question, timeoutMs: TIMEOUT_MS, maxBodyBytes: MAX_BYTES }, hear)
  }

  function hear(answer: Answer): void {
    const read = readJsonAnswer(answer, INSTANCES)
    if (read.kind === 'fault') return attempt.failed(read.reason)
    if (read.kind === 'refused') return attempt.failed(refusal(read.status))
    attempt.works()
    const told = indexIn(read.fields)
    const isSame = index !== 0 && told === index
    index = told < index ? 0 : told
    cancel = clock.after(Math.max(0, askedAt + MIN_INTERVAL_MS - clock.now()), poll)
    // One that was asked in full is told in full.
    if (isSame) return sink.confirm()
    take(read.said)
  }

  function take(instances: readonly unknown[]): void {
    const usable = instances.filter((one) => !isObject(one) || standingOf(one) !== 'critical')
    if (usable.length > 0) return reader.read(usable)
    reader.stop()
    sink.vanish(`${policy.service} has no instance that ${policy.isPassing ? 'passes' : 'is not critical'}`)
  }

  poll()
  return () => {
    cancel()
    reader.stop()
  }
}

function urlOf({ address, service, tags, datacenter, isPassing, read }: ConsulPolicy, index: number): string {
  const url = new URL(`/v1/health/service/${encodeURIComponent(service)}`, address)
  for (const tag of tags) url.searchParams.append('tag', tag)
  if (datacenter !== undefined) url.searchParams.set('dc', datacenter)
  if (isPassing) url.searchParams.set('passing', '1')
  if (read !== 'default') url.searchParams.set(read, '')
  if (index > 0) {
    url.searchParams.set('index', String(index))
    url.searchParams.set('wait', `${WAIT_MS / 1000}s`)
  }
  return url.href
}

const refusal = (status: number): string =>
  `answers with ${status}${status === 403 ? ': the token may not read this service' : ''}`

function indexIn(fields: Headers): number {
  const index = Number(fields.get('x-consul-index'))
  return Number.isSafeInteger(index) && index > 0 ? index : 0
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
