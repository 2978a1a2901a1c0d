/**
 * A name as a source: its addresses are members, or its SRV records are (RFC 2782). It is asked for again when what was
 * said of it has run out, and now and then however long it would hold.
 */
import type { Cancel, Clock } from '../clock.ts'
import { fullNames, type SearchPolicy } from '../names/search.ts'
import type { Random } from '../random.ts'
import { jittered, retryMs } from './pace.ts'
import { addressMembers } from './dns-addresses.ts'
import { serviceMembers } from './dns-services.ts'
import type { DnsPolicy } from './policy.ts'
import type { RecordServices } from './records.ts'
import type { Resolve, Resolved } from './resolve.ts'
import type { Source, SourceSink } from './source.ts'

export interface DnsServices {
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
  readonly records: (policy: DnsPolicy) => RecordServices
  /** Of this machine, as it is now. */
  readonly search: () => SearchPolicy
}

/** A TTL of 0 asks for no cache at all, which a balancer cannot afford. */
const MIN_TTL_MS = 1000
/** Docker's own name server says 600 s of containers that live for five. */
const MAX_TTL_MS = 30_000

export const dnsSource = (policy: DnsPolicy, services: DnsServices): Source => ({
  start: (sink) => followName(policy, services, sink),
})

function followName(policy: DnsPolicy, services: DnsServices, sink: SourceSink): Cancel {
  const { clock, random, search } = services
  const resolve = resolverOf(policy, services)
  let failures = 0
  let cancel: Cancel = () => undefined

  function ask(): void {
    // A name server of one's own is asked for the name as it stands: how this machine searches means nothing there.
    const names = policy.resolvers === undefined ? fullNames(policy.name, search()) : [withoutDot(policy.name)]
    askFor(names, undefined)
  }

  function askFor([name, ...others]: readonly string[], before: Resolved | undefined): void {
    if (name === undefined) return hear(before ?? { kind: 'none', reason: `${policy.name} is no name` })
    cancel = resolve(name, (resolved) => {
      if (resolved.kind === 'none' && others.length > 0) askFor(others, before ?? resolved)
      else hear(resolved.kind === 'none' ? (before ?? resolved) : resolved)
    })
  }

  function hear(resolved: Resolved): void {
    if (resolved.kind === 'listing') {
      failures = 0
      again(Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, resolved.ttl * 1000)))
      return sink.publish(resolved.listing)
    }
    failures += 1
    again(retryMs(failures))
    if (resolved.kind === 'none') sink.vanish(resolved.reason)
    else sink.lose(resolved.reason)
  }

  function again(ms: number): void {
    cancel = clock.after(jittered(ms, random), ask)
  }

  ask()
  return () => cancel()
}

const withoutDot = (name: string): string => name.replace(/\.$/, '')

function resolverOf(policy: DnsPolicy, { records }: DnsServices): Resolve {
  const services = records(policy)
  return policy.records.kind === 'srv'
    ? serviceMembers(policy.family, services)
    : addressMembers({ port: policy.records.port, family: policy.family }, services)
}
