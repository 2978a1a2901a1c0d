/**
 * What finds pools' members, as a part: a source goes on over reloads for as long as its own text in the config stays, with
 * what it has found. A new one is heard before its pool is in force, yet not waited for long: it may be away.
 */
import { formatAddress, type SocketAddress } from '../address.ts'
import type { Member } from '../backend/member.ts'
import type { Clock } from '../clock.ts'
import type { Config, PoolConfig } from '../config/config.ts'
import { createSource, type SourceServices } from '../discovery/create-source.ts'
import { Followed } from '../discovery/follow.ts'
import { Intake, merge } from '../discovery/intake.ts'
import { sourceName } from '../discovery/policy.ts'
import type { Emit } from '../observe/events.ts'
import type { Move, Part } from '../part.ts'
import { fingerprint } from '../secrets.ts'
import { firstWordOf } from './first-word.ts'
import type { RunningPool } from './running-pool.ts'

export interface DiscoveryOptions {
  readonly clock: Clock
  readonly emit: Emit
  readonly services: SourceServices
  /** Those at work; a move of theirs is committed before one of this part. */
  readonly pools: { readonly running: ReadonlyMap<string, RunningPool> }
}

/** By the source's own text in the config. */
type Sources = ReadonlyMap<string, Followed>

export class Discovery implements Part<Config> {
  private readonly options: DiscoveryOptions
  /** By pool; the order is that of the config. */
  private sources: ReadonlyMap<string, Sources> = new Map()
  private readonly intakes = new Map<string, Intake>()
  /** By pool, whom sources had found that a reload has replaced, until all of its sources have listed anybody, or nobody. */
  private readonly kept = new Map<string, ReadonlyMap<string, Member>>()

  constructor(options: DiscoveryOptions) {
    this.options = options
  }

  /** Those that a pool's members come from, in the order of the config. */
  of(pool: string): readonly Followed[] {
    return [...(this.sources.get(pool)?.values() ?? [])]
  }

  /** A connect to `address` has failed, through its own fault. */
  doubt(address: SocketAddress): void {
    if (this.sources.size === 0) return
    const id = formatAddress(address)
    for (const sources of this.sources.values()) for (const followed of sources.values()) followed.doubt(id)
  }

  async prepare({ pools }: Config): Promise<Move> {
    const fresh: Followed[] = []
    const next = new Map<string, Sources>()
    for (const pool of pools) {
      if (pool.discovery !== undefined) next.set(pool.name, await this.sourcesOf(pool, fresh))
    }
    for (const followed of fresh) followed.start()
    await firstWordOf(fresh, this.options.clock)
    return {
      isNews: false,
      commit: () => this.take(next),
      abandon: () => {
        for (const followed of fresh) followed.stop()
      },
    }
  }

  /** Finds nothing more; who was found stays. */
  stop(): void {
    for (const intake of this.intakes.values()) intake.stop()
    for (const sources of this.sources.values()) for (const followed of sources.values()) followed.stop()
  }

  private async sourcesOf({ name: pool, discovery = [] }: PoolConfig, fresh: Followed[]): Promise<Sources> {
    const { clock, emit, services } = this.options
    const sources = new Map<string, Followed>()
    for (const { source: policy, guardMs } of discovery) {
      const text = fingerprint({ policy, guardMs: guardMs ?? null })
      // Named twice, it would tell the same twice.
      if (sources.has(text)) continue
      const running = this.sources.get(pool)?.get(text)
      if (running !== undefined) {
        sources.set(text, running)
        continue
      }
      const source = await createSource(policy, services, pool)
      const onChange = (): void => {
        if (this.sources.get(pool)?.get(text) === followed) this.intakes.get(pool)?.poke()
      }
      const followed = new Followed({ pool, name: sourceName(policy), source, guardMs, clock, emit, onChange })
      sources.set(text, followed)
      fresh.push(followed)
    }
    return sources
  }

  private take(next: ReadonlyMap<string, Sources>): void {
    const former = this.sources
    this.sources = next
    for (const [pool, sources] of former) {
      const replaced = [...sources].filter(([text, followed]) => next.get(pool)?.get(text) !== followed)
      for (const [, followed] of replaced) followed.stop()
      this.kept.set(pool, merge([...replaced.map(([, { members }]) => members), this.kept.get(pool) ?? new Map()]))
    }
    for (const [pool, intake] of this.intakes) if (!next.has(pool)) this.dismiss(pool, intake)
    for (const pool of next.keys()) {
      const known = this.intakes.get(pool)
      if (known === undefined) this.createIntake(pool).fill()
      else known.begin()
    }
  }

  /** What the sources of a pool list, and behind it whom others had found that they do not know of yet. */
  private listsOf(pool: string): ReadonlyMap<string, Member>[] {
    const sources = this.of(pool)
    const lists = sources.map(({ members }) => members)
    if (sources.every(({ hasListed }) => hasListed)) this.kept.delete(pool)
    const kept = this.kept.get(pool)
    return kept === undefined ? lists : [...lists, kept]
  }

  private createIntake(pool: string): Intake {
    const { clock, emit, pools } = this.options
    const into = () => pools.running.get(pool)
    const lists = () => this.listsOf(pool)
    const intake = new Intake({ pool, clock, emit, into, lists })
    this.intakes.set(pool, intake)
    return intake
  }

  /** The pool has no sources any more: nobody that they have found stays. */
  private dismiss(pool: string, intake: Intake): void {
    intake.stop()
    this.intakes.delete(pool)
    this.kept.delete(pool)
    const running = this.options.pools.running.get(pool)
    running?.change({ put: [], gone: [...running.found.keys()], isLast: true })
  }
}
