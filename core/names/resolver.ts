/** The one resolver of an edge: traffic and checks read the same names, so that they see the same addresses. */
import { Resolver } from 'node:dns'
import { isIP } from 'node:net'
import type { Clock } from '../clock.ts'
import { parseHosts } from './hosts.ts'
import { type AddressRecord, createLookUp, type LookUp, type Query } from './look-up.ts'
import { Name } from './name.ts'
import { parseSearch } from './search.ts'
import { parsedFile } from './system-file.ts'

export interface NameTable {
  /**
   * The same object for the same name in any case, for as long as somebody holds it; undefined: `host` is an IP address.
   * A backend's connections hold theirs, so that what is known goes with the backend.
   */
  name(host: string): Name | undefined
}

/** A name server that is silent is asked twice, then the next one. */
const RESOLVER_OPTIONS = { timeout: 1000, tries: 2 }
/** How long one channel of c-ares serves: it keeps answers of its own for as long as their TTL says, up to an hour. */
const CHANNEL_MS = 200
/** Records of one answer that are taken: Bun 1.4.5 tells the TTL of no more, and a hostile answer has thousands. */
const MAX_RECORDS = 256

export function createNameTable(clock: Clock, lookUp: LookUp): NameTable {
  const names = new Map<string, WeakRef<Name>>()
  const forgotten = new FinalizationRegistry((host: string) => {
    if (names.get(host)?.deref() === undefined) names.delete(host)
  })
  return {
    name(written) {
      if (isIP(written) !== 0) return undefined
      const host = written.toLowerCase()
      const known = names.get(host)?.deref()
      if (known !== undefined) return known
      const name = new Name(host, clock, lookUp)
      names.set(host, new WeakRef(name))
      forgotten.register(name, host)
      return name
    },
  }
}

/** Where the system keeps what its own resolver reads. */
export interface SystemFiles {
  readonly hosts: string
  readonly resolvConf: string
}

export const SYSTEM_FILES: SystemFiles = { hosts: '/etc/hosts', resolvConf: '/etc/resolv.conf' }

/** Looks up as the system would: its hosts file, its name servers, its search domains, each as it is now. */
export function systemLookUp(clock: Clock, files: SystemFiles, createResolver = systemResolver): LookUp {
  return createLookUp({
    clock,
    query: createQuery(clock, createResolver),
    hosts: parsedFile(files.hosts, parseHosts),
    search: parsedFile(files.resolvConf, parseSearch),
  })
}

/** Takes its name servers from resolv.conf when it is made. */
const systemResolver = (): Resolver => new Resolver(RESOLVER_OPTIONS)

/** Look-ups of the same moment share a channel, so that silent name servers cost few sockets. */
function createQuery(clock: Clock, createResolver: () => Resolver): Query {
  let resolver: Resolver | undefined
  let madeAt = 0
  return (name, family, done) => {
    const now = clock.now()
    if (resolver === undefined || now - madeAt >= CHANNEL_MS) {
      resolver = createResolver()
      madeAt = now
    }
    const hear = (error: NodeJS.ErrnoException | null, records?: readonly AddressRecord[]): void =>
      done({
        code: error === null ? undefined : (error.code ?? 'EUNKNOWN'),
        records: records?.slice(0, MAX_RECORDS) ?? [],
      })
    try {
      if (family === 4) resolver.resolve4(name, { ttl: true }, hear)
      else resolver.resolve6(name, { ttl: true }, hear)
    } catch (error) {
      // Not a name at all, as it says.
      queueMicrotask(() => hear(error as NodeJS.ErrnoException))
    }
  }
}
