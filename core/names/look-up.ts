/**
 * One look-up of a name: the hosts file first, then the name servers, each full name in turn, IPv4 and IPv6 at once.
 * By the `Resolver` of node:dns (c-ares), which waits on sockets; `lookup` would wait in a thread, of which file reads
 * have need too, so that a few names without an answer would hold up a reload.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Hosts } from './hosts.ts'
import { fullNames, type SearchPolicy } from './search.ts'

/** What a look-up came to. `code` is the system's: ENOTFOUND is an answer, others (ETIMEOUT, ESERVFAIL …) are the lack of one. */
export type Found =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[]; readonly ttlMs: number }
  | { readonly kind: 'failure'; readonly code: string }

/** `done` is called once, perhaps before this returns. Never throws. `host` is a name, in any case, and no IP address. */
export type LookUp = (host: string, done: (found: Found) => void) => void

export interface AddressRecord {
  readonly address: string
  /** Seconds. */
  readonly ttl: number
}

/** Asks the name servers for the addresses of one family; `done` is called once, later. */
export type Query = (name: string, family: 4 | 6, done: (answer: Answer) => void) => void

/** `code` as in `Found`; undefined when there are records. */
export interface Answer {
  readonly code: string | undefined
  readonly records: readonly AddressRecord[]
}

export interface LookUpOptions {
  readonly clock: Clock
  readonly query: Query
  readonly hosts: () => Hosts
  readonly search: () => SearchPolicy
}

/** A `stat` each; nobody says how long a line of the hosts file holds. */
const HOSTS_TTL_MS = 5000
/** RFC 8305 3: how long IPv4 addresses wait for a slow answer about IPv6. */
const RESOLUTION_DELAY_MS = 50
const LOOPBACK = ['127.0.0.1', '::1']

export function createLookUp({ clock, query, hosts, search }: LookUpOptions): LookUp {
  return (written, done) => {
    const host = written.toLowerCase()
    const local = hosts().get(host.replace(/\.$/, '')) ?? loopback(host)
    if (local !== undefined) {
      done({ kind: 'addresses', addresses: local, ttlMs: HOSTS_TTL_MS })
      return
    }
    const names = fullNames(host, search())
    let trouble: string | undefined
    const ask = (index: number): void => {
      const name = names[index]
      if (name === undefined) done({ kind: 'failure', code: trouble ?? 'ENOTFOUND' })
      else askBoth(name, query, clock, (found) => hear(found, index))
    }
    const hear = (found: Found, index: number): void => {
      if (found.kind === 'addresses') return done(found)
      if (!isMissing(found.code)) trouble ??= found.code
      // A server that is silent would be so for the next name, too.
      if (found.code === 'ETIMEOUT') done(found)
      else ask(index + 1)
    }
    ask(0)
  }
}

/** Whether the name servers have said that there is no such name, or no address to it: Bun 1.4.5 tells both alike. */
export const isMissing = (code: string): boolean => code === 'ENOTFOUND' || code === 'ENODATA'

/** RFC 6761 6.3: these never go to a name server. */
const loopback = (host: string): readonly string[] | undefined =>
  /(^|\.)localhost\.?$/.test(host) ? LOOPBACK : undefined

/** Both families at once; settled when both have answered, or a moment after IPv4 has. */
function askBoth(name: string, query: Query, clock: Clock, done: (found: Found) => void): void {
  const answers: { 4?: Answer; 6?: Answer } = {}
  let isOver = false
  let stopWaiting: Cancel | undefined
  const settle = (): void => {
    isOver = true
    stopWaiting?.()
    done(sumUp(answers[4], answers[6]))
  }
  const hear = (family: 4 | 6, answer: Answer): void => {
    answers[family] = answer
    if (isOver) return
    if (answers[4] !== undefined && answers[6] !== undefined) settle()
    else if (family === 4 && answer.records.length > 0) stopWaiting = clock.after(RESOLUTION_DELAY_MS, settle)
  }
  query(name, 4, (answer) => hear(4, answer))
  query(name, 6, (answer) => hear(6, answer))
}

function sumUp(v4: Answer | undefined, v6: Answer | undefined): Found {
  const records = [...(v4?.records ?? []), ...(v6?.records ?? [])]
  if (records.length > 0) {
    const addresses = [...new Set(records.map(({ address }) => address))]
    return { kind: 'addresses', addresses, ttlMs: 1000 * Math.min(...records.map(({ ttl }) => ttl)) }
  }
  const codes = [v4?.code, v6?.code].filter((code) => code !== undefined)
  return { kind: 'failure', code: codes.find((code) => !isMissing(code)) ?? 'ENOTFOUND' }
}
