/**
 * The SRV records of a name as members (RFC 2782): each target's addresses at its port, its weight as it is, its priority as
 * a tier. Addresses that the answer brings with it are taken; others are asked for, few at a time. A target that nobody
 * answers for stays what it was.
 */
import type { Cancel } from '../clock.ts'
import type { DnsRecord } from '../names/dns-message.ts'
import { addressesIn, type Addresses, lookUpAddresses } from './dns-addresses.ts'
import { ListingBuilder, MAX_MEMBERS } from './listing.ts'
import { memberAt } from './member-at.ts'
import type { AddressFamily } from './policy.ts'
import { lookUpRecords, type RecordServices } from './records.ts'
import type { Resolve, Resolved } from './resolve.ts'

type Service = DnsRecord & { readonly type: 'SRV' }

/** Targets asked for at once. */
const AT_ONCE = 16
/** The last tier that members may have. */
const LAST_TIER = 15
/** RFC 2782: a weight of 0 is to have a very small chance beside others. */
const SMALLEST_WEIGHT = 0.001

export function serviceMembers(family: AddressFamily, services: RecordServices): Resolve {
  /** What was last known of each target. */
  let known: ReadonlyMap<string, Addresses> = new Map()
  return (name, done) => {
    let cancel: Cancel = lookUpRecords({ name, type: 'SRV' }, services, (found) => {
      if (found.kind !== 'records') return done(found)
      const records = found.records.filter((record) => record.type === 'SRV')
      // RFC 2782: a target of "." says that the service is decidedly not there.
      const targets = [...new Set(records.map(({ target }) => target))].filter((target) => target !== '')
      if (targets.length === 0) return done({ kind: 'none', reason: `${name} says that there is no such service` })
      const additional = Map.groupBy(found.additional, (record) => record.name)
      const given = new Map(targets.map((target) => [target, givenOf(additional.get(target) ?? [], family)]))
      cancel = lookUpAll({ targets: targets.filter((target) => !given.get(target)), family }, services, (asked) => {
        known = addressesOf(targets, { given, asked, known })
        done(resolvedOf(records, known, found.ttl))
      })
    })
    return () => cancel()
  }
}

/** What the answer brings with it of a target; undefined: nothing. */
function givenOf(own: readonly DnsRecord[], family: AddressFamily): Addresses | undefined {
  const [v4, v6] = (['A', 'AAAA'] as const).map((type) => own.filter((record) => record.type === type))
  const wanted = { auto: v4?.length ? v4 : v6, ipv4: v4, ipv6: v6, both: undefined }[family] ?? []
  if (wanted.length === 0) return undefined
  return { kind: 'addresses', addresses: addressesIn(wanted), ttl: Math.min(...wanted.map(({ ttl }) => ttl)) }
}

/** `done` is called once, perhaps before this returns. */
function lookUpAll(
  { targets, family }: { readonly targets: readonly string[]; readonly family: AddressFamily },
  services: RecordServices,
  done: (found: ReadonlyMap<string, Addresses>) => void,
): Cancel {
  const found = new Map<string, Addresses>()
  const underWay = new Map<string, Cancel>()
  const left = [...targets]
  const goOn = (): void => {
    if (found.size === targets.length) return done(found)
    while (underWay.size < AT_ONCE) {
      const name = left.shift()
      if (name === undefined) return
      const cancel = lookUpAddresses({ name, family }, services, (addresses) => {
        underWay.delete(name)
        found.set(name, addresses)
        goOn()
      })
      underWay.set(name, cancel)
    }
  }
  goOn()
  return () => {
    for (const cancel of underWay.values()) cancel()
  }
}

interface Sources {
  readonly given: ReadonlyMap<string, Addresses | undefined>
  readonly asked: ReadonlyMap<string, Addresses>
  readonly known: ReadonlyMap<string, Addresses>
}

function addressesOf(targets: readonly string[], { given, asked, known }: Sources): ReadonlyMap<string, Addresses> {
  return new Map(
    targets.map((target) => {
      const found = given.get(target) ?? asked.get(target) ?? { kind: 'failure', reason: 'nobody was asked' }
      const before = known.get(target)
      return [target, found.kind === 'failure' && before?.kind === 'addresses' ? { ...before, ttl: 0 } : found]
    }),
  )
}

function resolvedOf(records: readonly Service[], known: ReadonlyMap<string, Addresses>, ttl: number): Resolved {
  const builder = new ListingBuilder()
  const tierOf = tiersOf(records)
  const weightOf = weightsOf(records)
  let least = ttl
  /** Each record may name each address: a message of 64 KB holds enough of both for millions. */
  let left = MAX_MEMBERS
  for (const record of records) {
    const { target, port } = record
    const entry = `${target}:${port}`
    const found = known.get(target)
    if (port === 0) builder.skip({ entry, reason: 'has the port 0' })
    else if (found?.kind !== 'addresses') builder.skip({ entry, reason: found?.reason ?? 'is no target' })
    else if (found.addresses.length > left) builder.skip({ entry, reason: `is one of more than ${MAX_MEMBERS}` })
    else {
      left -= found.addresses.length
      least = Math.min(least, found.ttl)
      const facts = { weight: weightOf(record) / found.addresses.length, tier: tierOf(record) }
      for (const address of found.addresses) builder.add(memberAt(address, port, facts), entry)
    }
  }
  return { kind: 'listing', listing: builder.listing, ttl: least }
}

/** Priorities in their order are tiers 0, 1 …: a client must try those of the lowest number first. */
function tiersOf(records: readonly Service[]): (record: Service) => number {
  const priorities = [...new Set(records.map(({ priority }) => priority))].toSorted((one, other) => one - other)
  const tiers = new Map(priorities.map((priority, index) => [priority, Math.min(LAST_TIER, index)]))
  return ({ priority }) => tiers.get(priority) ?? LAST_TIER
}

/** Where all of a priority are 0, none is preferred. */
function weightsOf(records: readonly Service[]): (record: Service) => number {
  const weighted = new Set(records.filter(({ weight }) => weight > 0).map(({ priority }) => priority))
  return ({ weight, priority }) => (weighted.has(priority) ? weight || SMALLEST_WEIGHT : 1)
}
