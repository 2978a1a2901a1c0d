/** The listeners at work, as a part: opened beside what runs, changed in place, let go when no config names them any more. */
import { formatAddress, formatListenAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { Config, ListenerConfig } from '../config/config.ts'
import { formatKey } from '../config/read/reading.ts'
import type { Load } from '../control/edge-control.ts'
import { removeStaleSocket } from '../net/stale-socket.ts'
import { type Move, NO_MOVE, type Part, prepareAll, together } from '../part.ts'
import type { Addresses } from './addresses.ts'
import { keyOf } from './listener-places.ts'
import type { ListenerAtWork, ListenerServices } from './listener-services.ts'
import { RunningListener } from './running-listener.ts'
import { ServeListener } from './serve-listener.ts'

export interface ListenersServices extends ListenerServices {
  readonly addresses: Addresses
  readonly clock: Clock
}

/** For so long a listener that goes still accepts, so that who stands in its queue is served. */
const QUEUE_MS = 100

export class Listeners implements Part<Config> {
  private readonly services: ListenersServices
  private byKey: ReadonlyMap<string, ListenerAtWork> = new Map()
  /** No longer configured, and not yet without clients. */
  private readonly leaving = new Set<ListenerAtWork>()
  private isLettingGo = false

  constructor(services: ListenersServices) {
    this.services = services
  }

  /** In the order of the config. */
  get running(): readonly ListenerAtWork[] {
    return [...this.byKey.values()]
  }

  /** It stands last among the parts: nobody is let in before everything else is ready. */
  async prepare(config: Config): Promise<Move> {
    const fresh = config.listeners.filter((listener) => !this.byKey.has(keyOf(listener)))
    // All of what takes time comes before the first port is opened: from then on clients may come.
    for (const { address } of fresh) if (address.kind === 'unix') await removeStaleSocket(address.path)
    const next = new Map<string, ListenerAtWork>()
    const steps = config.listeners.map((listener) => ({
      key: formatKey(['listeners', listener.name, 'address']),
      prepare: () => this.prepareListener(listener, config, next),
    }))
    const moves = await prepareAll(steps)
    return together([moves, { ...NO_MOVE, commit: () => this.take(next, config) }])
  }

  /** Who is connected, by where the config has it listen. */
  load(): ReadonlyMap<string, Load> {
    const loadOf = ({ clients }: ListenerAtWork): Load => ({
      connections: clients.size,
      tunnels: [...clients].filter((client) => client.isTunnel).length,
    })
    return new Map(this.running.map((listener) => [formatListenAddress(listener.config.address), loadOf(listener)]))
  }

  /** Every client is answered once more at most, those to come as well. */
  letGo(): void {
    this.isLettingGo = true
    for (const listener of this.byKey.values()) listener.letGo()
  }

  /** Ends every connection now. */
  cut(): void {
    for (const listener of [...this.byKey.values(), ...this.leaving]) listener.cut()
  }

  private async prepareListener(config: ListenerConfig, whole: Config, next: Map<string, ListenerAtWork>) {
    const key = keyOf(config)
    const running = this.byKey.get(key)
    if (running !== undefined) {
      next.set(key, running)
      return running.prepare(config)
    }
    const { addresses, emit } = this.services
    const open = (): ListenerAtWork =>
      config.engine === 'serve' ? new ServeListener(config, this.services) : new RunningListener(config, this.services)
    const taken = await addresses.take(config.address, whole, open)
    const { holder: opened } = taken
    next.set(key, opened)
    const commit = (): void => {
      for (const address of opened.addresses)
        emit({
          kind: 'listening',
          listener: config.name,
          address: formatAddress(address),
          ...(config.http3 && { http3: true }),
        })
      if (config.engine !== undefined) emit({ kind: 'engine-limits', listener: config.name })
    }
    const abandon = (): void => {
      taken.abandon()
      this.finish(opened, whole.drainTimeoutMs)
    }
    return { ...NO_MOVE, commit, abandon }
  }

  private take(next: ReadonlyMap<string, ListenerAtWork>, { drainTimeoutMs }: Config): void {
    const gone = [...this.byKey].filter(([key]) => !next.has(key))
    this.byKey = next
    if (this.isLettingGo) this.letGo()
    for (const [, listener] of gone) this.finish(listener, drainTimeoutMs)
  }

  /** Whoever has come in by it may finish what is under way. */
  private finish(listener: ListenerAtWork, withinMs: number): void {
    const { addresses, clock } = this.services
    this.leaving.add(listener)
    listener.letGo()
    clock.after(Math.min(QUEUE_MS, withinMs), () => addresses.releaseQuietly(listener))
    clock.after(withinMs, () => {
      listener.cut()
      this.leaving.delete(listener)
    })
  }
}
