/**
 * The records of a name, of one type: asks the name servers one after the other until one answers, and follows aliases
 * (CNAME) where a server does not do so itself. What a server says does not exist is an answer, too.
 */
import { formatAddress } from '../address.ts'
import type { Cancel } from '../clock.ts'
import type { DnsMessage, DnsRecord, RecordType } from '../names/dns-message.ts'
import type { NameServer } from '../names/servers.ts'
import type { AskDns, DnsAnswer } from '../net/dns.ts'

export type Records =
  | {
      readonly kind: 'records'
      readonly records: readonly DnsRecord[]
      /** Of the whole way to them, in seconds. */
      readonly ttl: number
      readonly additional: readonly DnsRecord[]
    }
  /** There are none, and why, in words. */
  | { readonly kind: 'none'; readonly reason: string }
  /** Nobody has answered, or with what leads nowhere; in words. */
  | { readonly kind: 'failure'; readonly reason: string }

export interface RecordServices {
  readonly ask: AskDns
  /** As they are now; at least one. */
  readonly servers: () => readonly NameServer[]
}

/** A server is asked twice, each time for so long: one lost packet is no failure. */
const TIMEOUT_MS = 1000
const ROUNDS = 2
/** RFC 1034 3.6.2 wants none to lead to another; chains of a few are common, longer ones go in a circle. */
const MAX_ALIASES = 8

/** `done` is called once, later, unless it is cancelled. */
export function lookUpRecords(
  { name, type }: { readonly name: string; readonly type: RecordType },
  { ask, servers }: RecordServices,
  done: (found: Records) => void,
): Cancel {
  let cancel: Cancel = () => undefined

  function askFor(current: string, aliases: number, ttl: number): void {
    const tries = Array.from({ length: ROUNDS }, servers).flat()
    askNext(current, tries, 'no name server is known', (found) => {
      if (found.kind === 'failure') return done(found)
      const read = readRecords(found.message, current, type)
      const least = Math.min(ttl, read.ttl)
      if (read.kind === 'alias' && aliases + read.aliases <= MAX_ALIASES)
        askFor(read.name, aliases + read.aliases, least)
      else if (read.kind === 'alias') done({ kind: 'failure', reason: `${name} leads from alias to alias` })
      else done(read.kind === 'records' ? { ...read, ttl: least } : read)
    })
  }

  function askNext(
    current: string,
    [server, ...others]: readonly NameServer[],
    reason: string,
    heard: (answer: DnsAnswer) => void,
  ): void {
    if (server === undefined) return heard({ kind: 'failure', reason })
    cancel = ask({ server, name: current, type, timeoutMs: TIMEOUT_MS }, (answer) => {
      const failure = answer.kind === 'failure' ? answer.reason : failureOf(answer.message, server)
      if (failure === undefined) heard(answer)
      else askNext(current, others, failure, heard)
    })
  }

  askFor(name.toLowerCase(), 0, Infinity)
  return () => cancel()
}

const NO_ERROR = 0
const NO_SUCH_NAME = 3

/** In words; undefined: it has answered. */
function failureOf({ code }: DnsMessage, { address: host, port }: NameServer): string | undefined {
  if (code === NO_ERROR || code === NO_SUCH_NAME) return undefined
  const word = { 1: 'did not understand the question', 2: 'failed', 5: 'refused to answer' }[code]
  return `${formatAddress({ kind: 'tcp', host, port })} ${word ?? `answered with code ${code}`}`
}

type Read =
  | Extract<Records, { kind: 'records' }>
  | (Extract<Records, { kind: 'none' }> & { readonly ttl: number })
  /** The records are those of another name, which the server says nothing of; so many steps away. */
  | { readonly kind: 'alias'; readonly name: string; readonly aliases: number; readonly ttl: number }

/** What a message says of `name`, through the aliases in it. */
function readRecords({ answers, additional, code }: DnsMessage, name: string, type: RecordType): Read {
  let current = name
  let ttl = Infinity
  let aliases = 0
  for (;;) {
    const found = answers.filter((record) => record.type === type && record.name === current)
    if (found.length > 0) {
      const least = Math.min(ttl, ...new Set(found.map((record) => record.ttl)))
      return { kind: 'records', records: found, ttl: least, additional }
    }
    const alias = answers.find((record) => record.type === 'CNAME' && record.name === current)
    if (alias?.type !== 'CNAME' || aliases > MAX_ALIASES) break
    ttl = Math.min(ttl, alias.ttl)
    current = alias.target
    aliases += 1
  }
  if (code === NO_SUCH_NAME) return { kind: 'none', reason: `there is no ${current}`, ttl }
  if (aliases === 0) return { kind: 'none', reason: `${name} has no ${type} records`, ttl }
  return { kind: 'alias', name: current, aliases, ttl }
}
