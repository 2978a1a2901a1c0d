/**
 * Listeners and pools at work under one published config. Another config is built off to the side: what may fail (ports,
 * plugins, databases) is tried first, then one assignment publishes the new snapshot, then the old is retired.
 */
import { formatAddress, type SocketAddress } from '../address.ts'
import { trialsApart } from '../lab/examine-apart.ts'
import { createPluginHost, type PluginHost } from '../strategy/host.ts'
import type { Clock } from '../clock.ts'
import type { Config, ListenerConfig, PoolConfig } from '../config/config.ts'
import type { Applied, ApplyProblem, EdgeControl, EdgeLoad } from '../control/edge-control.ts'
import { createWorld } from './create-world.ts'
import type { Geo, World } from '../exchange/world.ts'
import { createLocator } from '../geo/locate.ts'
import { type ListenerServices, openListener, type RunningListener } from './running-listener.ts'
import { type PoolServices, RunningPool } from './running-pool.ts'

export interface RuntimeServices extends Omit<PoolServices, 'plugins'> {
  readonly clock: Clock
  /** What a listener needs beside what the runtime itself knows. */
  readonly listening: Omit<ListenerServices, 'emit' | 'reportFault'>
}

/** What an apply has made ready; none of it serves yet. */
interface Draft {
  readonly commits: (() => void)[]
  readonly pools: Map<string, RunningPool>
  readonly startedPools: RunningPool[]
  readonly listeners: Map<string, RunningListener>
  readonly openedListeners: RunningListener[]
  readonly problems: ApplyProblem[]
  /** Pools that go on with the last good version of their strategy. */
  readonly kept: ApplyProblem[]
  hasNewStrategy: boolean
  geo: Geo | undefined
}

export class Runtime implements EdgeControl {
  private readonly services: RuntimeServices
  private readonly plugins: PluginHost
  /** By address, since that is what clients are connected to; names are labels. */
  private listeners = new Map<string, RunningListener>()
  private pools = new Map<string, RunningPool>()
  private inForce: { readonly config: Config; readonly world: World } | undefined = undefined

  /** Serves nothing before the first `apply`. */
  constructor(services: RuntimeServices) {
    this.services = services
    this.plugins = createPluginHost({
      clock: services.clock,
      examine: trialsApart(services.clock),
      onLateError: services.reportFault,
    })
  }

  /** The snapshot that requests are served by; there is one once `apply` has succeeded. */
  get world(): World {
    return this.required().world
  }

  get config(): Config {
    return this.required().config
  }

  get runningListeners(): readonly RunningListener[] {
    return [...this.listeners.values()]
  }

  get runningPools(): readonly RunningPool[] {
    return [...this.pools.values()]
  }

  /** Puts `config` in force, or nothing of it. Calls must not overlap. Never rejects. */
  async apply(config: Config): Promise<Applied> {
    const draft = await this.prepare(config)
    if (draft.problems.length > 0) {
      for (const pool of draft.startedPools) pool.stop()
      for (const { listener } of draft.openedListeners) listener.stop()
      return { kind: 'refused', problems: draft.problems }
    }
    const kept = draft.kept.length === 0 ? {} : { kept: draft.kept }
    if (!draft.hasNewStrategy && Bun.deepEquals(config, this.inForce?.config)) return { kind: 'unchanged', ...kept }
    this.publish(config, draft)
    return { kind: 'applied', ...kept }
  }

  /** What the pools' strategies consist of, and what failed to load; absolute. */
  files(): readonly string[] {
    const running = this.runningPools.flatMap((pool) => pool.strategyFiles)
    return [...new Set([...running, ...this.plugins.failedFiles()])]
  }

  /** What is open now. */
  load(): EdgeLoad {
    return {
      listeners: new Map(
        this.runningListeners.map(({ config, clients }) => [
          config.name,
          { connections: clients.size, tunnels: [...clients].filter((client) => client.isTunnel).length },
        ]),
      ),
      pools: new Map(
        this.runningPools.map(({ name, backends }) => [
          name,
          new Map(backends.map(({ id, inflight, tunnels }) => [id, { connections: inflight, tunnels }])),
        ]),
      ),
    }
  }

  recheck(pool: string, backend: string): boolean {
    return this.pools.get(pool)?.recheck(backend) ?? false
  }

  /** Accepts no more and lets clients go as they become idle. */
  stopAccepting(): void {
    for (const running of this.listeners.values()) letGo(running)
  }

  /** Ends every client connection; returns how many there were. */
  cutClients(): number {
    let cut = 0
    for (const { clients } of this.listeners.values()) {
      for (const client of clients) client.wire.destroy()
      cut += clients.size
    }
    return cut
  }

  /** Ends everything now. */
  stop(): void {
    for (const { listener } of this.listeners.values()) listener.stop()
    this.cutClients()
    for (const pool of this.pools.values()) pool.stop()
  }

  private required() {
    if (this.inForce === undefined) throw new Error('no config has been applied yet')
    return this.inForce
  }

  private async prepare(config: Config): Promise<Draft> {
    const draft: Draft = {
      commits: [],
      pools: new Map(),
      startedPools: [],
      listeners: new Map(),
      openedListeners: [],
      problems: [],
      kept: [],
      hasNewStrategy: false,
      geo: this.inForce?.world.geo,
    }
    const tryTo = async (key: string, step: () => void | Promise<void>): Promise<void> => {
      try {
        await step()
      } catch (error) {
        draft.problems.push({ key, message: error instanceof Error ? error.message : String(error) })
      }
    }
    for (const pool of config.pools) {
      await tryTo(`pools.${pool.name}.strategy`, () => this.preparePool(pool, config, draft))
    }
    await tryTo('geo', () => this.prepareGeo(config, draft))
    for (const listener of config.listeners) {
      await tryTo(`listeners.${listener.name}`, () => this.prepareListener(listener, draft))
    }
    return draft
  }

  private async preparePool(config: PoolConfig, settings: Config, draft: Draft): Promise<void> {
    const running = this.pools.get(config.name)
    if (running !== undefined) {
      draft.pools.set(config.name, running)
      const { isNewStrategy, kept, commit } = await running.prepare(config, settings)
      draft.commits.push(commit)
      draft.hasNewStrategy ||= isNewStrategy
      if (kept !== undefined) draft.kept.push({ key: `pools.${config.name}.strategy`, message: kept })
      return
    }
    const started = await RunningPool.start(config, settings, { ...this.services, plugins: this.plugins })
    draft.startedPools.push(started)
    draft.pools.set(config.name, started)
  }

  private async prepareGeo({ geo }: Config, draft: Draft): Promise<void> {
    if (Bun.deepEquals(geo, this.inForce?.config.geo)) return
    draft.geo = geo && { header: geo.header, ...(await createLocator(geo)) }
  }

  private prepareListener(config: ListenerConfig, draft: Draft): void {
    const key = keyOf(config)
    const running = this.listeners.get(key)
    if (running !== undefined) {
      draft.listeners.set(key, { ...running, config })
      return
    }
    const { listening, emit, reportFault } = this.services
    const opened = openListener(config, { ...listening, emit, reportFault })
    draft.openedListeners.push(opened)
    draft.listeners.set(key, opened)
  }

  private publish(config: Config, draft: Draft): void {
    for (const commit of draft.commits) commit()
    const goneListeners = [...this.listeners].filter(([key]) => !draft.listeners.has(key))
    const gonePools = [...this.pools].filter(([name]) => !draft.pools.has(name))
    this.listeners = draft.listeners
    this.pools = draft.pools
    this.inForce = { config, world: createWorld(config, draft.pools, draft.geo) }
    for (const [, running] of goneListeners) this.retireListener(running, config.drainTimeoutMs)
    for (const [, pool] of gonePools) pool.retire()
  }

  private retireListener(running: RunningListener, drainTimeoutMs: number): void {
    letGo(running)
    this.services.clock.after(drainTimeoutMs, () => {
      for (const client of running.clients) client.wire.destroy()
    })
  }
}

function letGo({ listener, clients }: RunningListener): void {
  listener.stop()
  for (const client of clients) client.closeWhenIdle()
}

/** Two listeners may both ask the system for a port: those are told apart by name. */
function keyOf({ name, address }: ListenerConfig): string {
  return isSystemChosen(address) ? `${formatAddress(address)} ${name}` : formatAddress(address)
}

const isSystemChosen = (address: SocketAddress): boolean => address.kind === 'tcp' && address.port === 0
