/** How connections to a pool's backends begin: TLS by its files, PROXY headers by its policy. */
import type { PoolConfig } from '../config/config.ts'
import { HTTP_2 } from '../net/alpn.ts'
import type { Opening } from '../net/opening.ts'
import { wayBy } from '../outbound/connections-by.ts'
import type { Manner } from '../outbound/manner.ts'
import type { BackendProtocol, ProxyOutPolicy } from '../outbound/policy.ts'
import { type HeaderFor, headersBy } from '../outbound/proxy-headers.ts'
import { type Move, NO_MOVE, together } from '../part.ts'
import type { Random } from '../random.ts'
import type { StartingStrategy } from '../strategy/live.ts'
import { PoolTls } from './pool-tls.ts'

/** What takes its time, or may fail, before a pool can be. */
export interface Starting {
  readonly strategy: StartingStrategy
  readonly manner: PoolManner
}

type Scheme = 'http' | 'https' | undefined

export class PoolManner {
  private readonly tls: PoolTls
  private readonly random: Random
  private policy: ProxyOutPolicy | undefined = undefined
  private headerFor: HeaderFor | undefined = undefined
  /** Where there are headers, what was made of them and of TLS. */
  private readonly made = new Map<Scheme, { readonly opening: Opening | undefined; readonly manner: Manner }>()

  constructor(pool: string, random: Random) {
    this.tls = new PoolTls(pool)
    this.random = random
  }

  /** Throws with Refusal as `PoolTls.prepare` does. */
  prepare({ tls, proxyProtocol }: PoolConfig): Move {
    return together([this.tls.prepare(tls), { ...NO_MOVE, commit: () => this.take(proxyProtocol) }])
  }

  /** Of requests, to a member of that scheme; undefined: with nothing. */
  mannerFor(scheme: Scheme): Manner | undefined {
    const opening = this.tls.openingFor(scheme)
    const { headerFor } = this
    if (headerFor === undefined) return opening
    const known = this.made.get(scheme)
    if (known !== undefined && known.opening === opening) return known.manner
    const manner = { tls: opening?.tls, headerFor }
    this.made.set(scheme, { opening, manner })
    return manner
  }

  /** Of a check, which is spoken to as `protocol` says, or in HTTP/2 by `isHttp2`. */
  openingOfCheck(scheme: Scheme, protocol: BackendProtocol | undefined, isHttp2: boolean): Opening {
    const tls = this.tls.openingFor(scheme)?.tls
    const offers = isHttp2 ? HTTP_2 : wayBy(protocol, tls !== undefined).offers
    return { tls, offers, ...(this.headerFor && { preface: this.headerFor(undefined) }) }
  }

  private take(policy: ProxyOutPolicy | undefined): void {
    if (Bun.deepEquals(policy, this.policy)) return
    this.policy = policy
    this.headerFor = policy && headersBy(policy, this.random)
    this.made.clear()
  }
}
