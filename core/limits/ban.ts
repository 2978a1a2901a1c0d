/**
 * Who was refused too often is kept out for a while. Known by address, IPv6 by its /64; in tables of a bounded size, of which
 * the oldest is forgotten first, so that nobody can fill the memory with addresses.
 */
import { formatIp, type IpValue, siteOf } from '../ip/address.ts'

/** A client that is refused `after` times within `withinMs` of the first of them is kept out for `forMs`. */
export interface BanPolicy {
  /** 1 and up. */
  readonly after: number
  readonly withinMs: number
  readonly forMs: number
}

export interface Ban {
  /** `192.0.2.1`, or `2001:db8::/64`. */
  readonly address: string
  /** Monotonic ms. */
  readonly until: number
}

interface Count {
  count: number
  readonly since: number
}

/** Addresses in either table; some 100 bytes each. */
const MAX_ADDRESSES = 65_536

export class BanTable {
  private readonly size: number
  private policy: BanPolicy | undefined = undefined
  /** Refusals of each; in the order in which their time began. */
  private readonly counts = new Map<IpValue, Count>()
  /** Until when; in the order in which they were banned. */
  private readonly banned = new Map<IpValue, number>()

  constructor(size = MAX_ADDRESSES) {
    this.size = size
  }

  /** undefined: nobody is kept out, nor is anybody counted. Who is kept out by another policy still is. */
  update(policy: BanPolicy | undefined): void {
    this.policy = policy
    if (policy !== undefined) return
    this.counts.clear()
    this.banned.clear()
  }

  /** Whether anybody may be kept out. */
  get isEmpty(): boolean {
    return this.banned.size === 0
  }

  isBanned(address: string, now: number): boolean {
    if (this.banned.size === 0) return false
    const site = siteOf(address)
    const until = site === undefined ? undefined : this.banned.get(site)
    if (site === undefined || until === undefined) return false
    if (until > now) return true
    this.banned.delete(site)
    return false
  }

  /** One of its requests was refused; what it comes to when that was one too many. */
  refused(address: string, now: number): Ban | undefined {
    const site = siteOf(address)
    if (site === undefined || this.policy === undefined) return undefined
    const { after, withinMs, forMs } = this.policy
    const count = this.countOf(site, now, withinMs)
    count.count += 1
    if (count.count < after) return undefined
    this.counts.delete(site)
    const until = now + forMs
    this.banned.delete(site)
    makeRoom(this.banned, this.size)
    this.banned.set(site, until)
    return { address: nameOf(site), until }
  }

  private countOf(site: IpValue, now: number, withinMs: number): Count {
    const found = this.counts.get(site)
    if (found !== undefined && now - found.since < withinMs) return found
    this.counts.delete(site)
    makeRoom(this.counts, this.size)
    const fresh = { count: 0, since: now }
    this.counts.set(site, fresh)
    return fresh
  }
}

/** For one more. */
function makeRoom(table: Map<IpValue, unknown>, size: number): void {
  for (const oldest of table.keys()) {
    if (table.size < size) return
    table.delete(oldest)
  }
}

const nameOf = (site: IpValue): string =>
  typeof site === 'number' ? formatIp(site) : `${formatIp(site.padEnd(8, '\0'))}/64`
