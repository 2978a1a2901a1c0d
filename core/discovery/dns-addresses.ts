/** The addresses of a name, of the families that are asked for; and each of them as a member. */
import type { Cancel } from '../clock.ts'
import type { DnsRecord } from '../names/dns-message.ts'
import { ListingBuilder } from './listing.ts'
import { memberAt } from './member-at.ts'
import type { AddressFamily } from './policy.ts'
import { lookUpRecords, type Records, type RecordServices } from './records.ts'
import type { Resolve } from './resolve.ts'

export type Addresses =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[]; /** Seconds. */ readonly ttl: number }
  | { readonly kind: 'none' | 'failure'; readonly reason: string }

/**
 * Which types of records are asked for, in turn: those of one step together, and of the next where the ones before are
 * none. A host with addresses of both families is one member, not two: IPv6 counts where there is no IPv4.
 */
const STEPS: Readonly<Record<AddressFamily, readonly (readonly ('A' | 'AAAA')[])[]>> = {
  auto: [['A'], ['AAAA']],
  ipv4: [['A']],
  ipv6: [['AAAA']],
  both: [['A', 'AAAA']],
}

/** `done` is called once, later, unless it is cancelled. */
export function lookUpAddresses(
  { name, family }: { readonly name: string; readonly family: AddressFamily },
  services: RecordServices,
  done: (found: Addresses) => void,
): Cancel {
  let cancels: readonly Cancel[] = []
  function take([types, ...others]: (typeof STEPS)[AddressFamily], none: string | undefined): void {
    if (types === undefined) return done({ kind: 'none', reason: none ?? `${name} has no addresses` })
    const found: Records[] = []
    cancels = types.map((type) =>
      lookUpRecords({ name, type }, services, (records) => {
        found.push(records)
        if (found.length < types.length) return
        const addresses = sumUp(found)
        if (addresses.kind === 'none') take(others, none ?? addresses.reason)
        else done(addresses)
      }),
    )
  }
  take(STEPS[family], undefined)
  return () => {
    for (const cancel of cancels) cancel()
  }
}

/** One that is missing for a failure is no reason to take the others for all. */
function sumUp(found: readonly Records[]): Addresses {
  const failure = found.find(({ kind }) => kind === 'failure')
  if (failure?.kind === 'failure') return failure
  const lists = found.filter((one) => one.kind === 'records')
  const [none] = found
  if (lists.length === 0) return { kind: 'none', reason: none?.kind === 'none' ? none.reason : '' }
  const addresses = lists.flatMap(({ records }) => addressesIn(records))
  return { kind: 'addresses', addresses, ttl: Math.min(...lists.map(({ ttl }) => ttl)) }
}

export const addressesIn = (records: readonly DnsRecord[]): string[] =>
  records.flatMap((record) => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : []))

export const addressMembers =
  ({ port, family }: { readonly port: number; readonly family: AddressFamily }, services: RecordServices): Resolve =>
  (name, done) =>
    lookUpAddresses({ name, family }, services, (found) => {
      if (found.kind !== 'addresses') return done(found)
      const builder = new ListingBuilder()
      for (const address of found.addresses) builder.add(memberAt(address, port), address)
      done({ kind: 'listing', listing: builder.listing, ttl: found.ttl })
    })
