/**
 * A name as a source: its addresses are members, or its SRV records are (RFC 2782). It is asked for again when what was
 * said of it has run out, and now and then however long it would hold; sooner when an address of its cannot be reached, which
 * may be none of its any more.
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
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly random: Random
  readonly records: (policy: DnsPolicy) => RecordServices
  /** Of this machine, as it is now. */
  readonly search: () => SearchPolicy
}

/** A TTL of 0 asks for no cache at all, which a balancer cannot afford. */
const MIN_TTL_MS = 1000
/** Docker's own name server says 600 s of containers that live for five. */
const MAX_TTL_MS = 30_000
/** No name is asked for more often than this, however many connects fail. */
const MIN_INTERVAL_MS = 1000

export function dnsSource(policy: DnsPolicy, services: DnsServices): Source {
  let hurry = (): void => undefined
  return {
    start(sink) {
      const following = followName(policy, services, sink)
      hurry = following.hurry
      return following.stop
    },
    doubt: () => hurry(),
  }
}

interface Following {
  readonly stop: Cancel
  /** Asks as soon as it may. */
  readonly hurry: () => void
}

function followName(policy: DnsPolicy, services: DnsServices, sink: SourceSink): Following {
  const { clock, random, search } = services
  const resolve = resolverOf(policy, services)
  let failures = 0
  let cancel: Cancel = () => undefined
  let askedAt = -Infinity
  /** When it is asked next; undefined: an answer is waited for, or nobody asks any more. */
  let dueAt: number | undefined

  function ask(): void {
    askedAt = clock.now()
    dueAt = undefined
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
    askIn(jittered(ms, random))
  }

  function askIn(ms: number): void {
    dueAt = clock.now() + ms
    cancel = clock.after(ms, ask)
  }

  ask()
  return {
    stop() {
      dueAt = undefined
      cancel()
    },
    hurry() {
      const now = clock.now()
      const soonest = Math.max(now, askedAt + MIN_INTERVAL_MS)
      if (dueAt === undefined || dueAt <= soonest) return
      cancel()
      askIn(soonest - now)
    },
  }
}

const withoutDot = (name: string): string => name.replace(/\.$/, '')

function resolverOf(policy: DnsPolicy, { records }: DnsServices): Resolve {
  const services = records(policy)
  return policy.records.kind === 'srv'
    ? serviceMembers(policy.family, services)
    : addressMembers({ port: policy.records.port, family: policy.family }, services)
}
