/** The pools at work, as a part: new ones started beside what runs, kept ones changed in place, gone ones retired. */
import type { Config, PoolConfig } from '../config/config.ts'
import { formatKey } from '../config/read/reading.ts'
import type { Load } from '../control/edge-control.ts'
import { type Move, NO_MOVE, type Part, prepareAll, together } from '../part.ts'
import type { PoolServices } from './pool-services.ts'
import { RunningPool } from './running-pool.ts'
import { type SharedLooks, shareLooks } from './shared-looks.ts'

/** Pools that get ready in one turn: some 2 ms. */
const AT_ONCE = 200

export class Pools implements Part<Config> {
  private readonly services: PoolServices
  private readonly looks: SharedLooks
  private byName: ReadonlyMap<string, RunningPool> = new Map()
  /** Those that were removed while their backends finish: one that is configured again goes on. */
  private readonly retired = new Map<string, RunningPool>()

  constructor(services: PoolServices) {
    this.looks = shareLooks(services.plugins)
    this.services = { ...services, plugins: this.looks.plugins }
  }

  get running(): ReadonlyMap<string, RunningPool> {
    return this.byName
  }

  async prepare(config: Config): Promise<Move> {
    const next = new Map<string, RunningPool>()
    const steps = config.pools.map((pool, index) => ({
      key: formatKey(['pools', pool.name, 'strategy']),
      prepare: async () => {
        if (index > 0 && index % AT_ONCE === 0) await new Promise<void>((resolve) => this.services.clock.soon(resolve))
        return this.preparePool(pool, config, next)
      },
    }))
    const moves = await prepareAll(steps).finally(() => this.looks.forget())
    return together([moves, { ...NO_MOVE, commit: () => this.take(next) }])
  }

  /** What the strategies consist of, and what of them failed to load; absolute. */
  files(): readonly string[] {
    const running = [...this.byName.values()].flatMap((pool) => pool.strategyFiles)
    return [...running, ...this.services.plugins.failedFiles()]
  }

  /** What is under way, by pool name, then backend id. */
  load(): ReadonlyMap<string, ReadonlyMap<string, Load>> {
    const loadOf = ({ backends }: RunningPool) =>
      new Map(backends.map(({ id, inflight, tunnels }) => [id, { connections: inflight, tunnels }]))
    return new Map([...this.byName].map(([name, pool]) => [name, loadOf(pool)]))
  }

  /** Ends everything now. */
  stop(): void {
    for (const pool of [...this.byName.values(), ...this.retired.values()]) pool.stop()
  }

  private async preparePool(config: PoolConfig, whole: Config, next: Map<string, RunningPool>): Promise<Move> {
    const running = this.byName.get(config.name) ?? this.retiring(config.name)
    if (running !== undefined) {
      next.set(config.name, running)
      return running.prepare(config, whole)
    }
    const started = await RunningPool.start(config, whole, this.services)
    next.set(config.name, started)
    return { ...NO_MOVE, abandon: () => started.stop() }
  }

  /** The pool of this name that was removed and has not finished; undefined: there is none. */
  private retiring(name: string): RunningPool | undefined {
    const pool = this.retired.get(name)
    return pool?.isGone === false ? pool : undefined
  }

  private take(next: ReadonlyMap<string, RunningPool>): void {
    const gone = [...this.byName].filter(([name]) => !next.has(name))
    this.byName = next
    for (const [name, pool] of gone) {
      pool.retire()
      this.retired.set(name, pool)
    }
    for (const [name, pool] of this.retired) if (next.has(name) || pool.isGone) this.retired.delete(name)
  }
}
