/**
 * Who adds routes and pools to the config: they go on over reloads for as long as their own text in the config stays. A new
 * one is heard before its config is in force, yet not waited for long: it may be away.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { matchKey, ownPart, type Provided, withProvided } from '../config/provided.ts'
import { createProvider, type ProviderServices } from '../discovery/create-provider.ts'
import { providerName, type ProviderPolicy } from '../discovery/policy.ts'
import type { Emit } from '../observe/events.ts'
import type { Move, Part } from '../part.ts'
import { describeRoute } from '../route/describe.ts'
import { fingerprint } from '../secrets.ts'
import { firstWordOf } from './first-word.ts'
import { FollowedProvider } from './followed-provider.ts'

export interface ProvidersOptions {
  readonly clock: Clock
  readonly emit: Emit
  readonly services: ProviderServices
}

/** From one change to the next: one that flaps is followed, and costs no more than ten reloads a second. */
const MIN_PAUSE_MS = 100

export class Providers implements Part<Config> {
  private onChange: ((origin: string) => void) | undefined = undefined
  private readonly options: ProvidersOptions
  /** By their own text in the config, in its order. */
  private running: ReadonlyMap<string, FollowedProvider> = new Map()
  /** Those that are about to run, while a move is under way. */
  private coming: ReadonlyMap<string, FollowedProvider> = new Map()
  private changedBy = new Set<string>()
  private cancelTell: Cancel | undefined = undefined
  private toldAt = -Infinity
  private toldShadowed = ''

  constructor(options: ProvidersOptions) {
    this.options = options
  }

  /** Tells `onChange` from now on when `whole` says something else than before, and by whom. */
  follow(onChange: (origin: string) => void): void {
    this.onChange = onChange
    if (this.changedBy.size > 0) this.tellSoon()
  }

  get list(): readonly FollowedProvider[] {
    return [...this.running.values()]
  }

  /** `config` with what its providers have told so far, in place of what it holds of them. */
  whole(config: Config): Config {
    if (config.providers === undefined && this.running.size === 0) return config
    return withProvided(config, this.providedFor(config))
  }

  async prepare(config: Config): Promise<Move> {
    const next = new Map<string, FollowedProvider>()
    const fresh: FollowedProvider[] = []
    for (const policy of config.providers ?? []) {
      const text = textOf(policy)
      const followed = this.running.get(text) ?? (await this.create(policy))
      if (!this.running.has(text) && !next.has(text)) fresh.push(followed)
      next.set(text, followed)
    }
    for (const followed of fresh) followed.start()
    await firstWordOf(fresh, this.options.clock)
    this.coming = next
    return {
      isNews: false,
      commit: () => this.take(next, config),
      abandon: () => {
        this.coming = this.running
        for (const followed of fresh) followed.stop()
      },
    }
  }

  /** Adds nothing more; what was added stays. */
  stop(): void {
    this.cancelTell?.()
    for (const followed of this.running.values()) followed.stop()
    this.onChange = undefined
  }

  private async create(policy: ProviderPolicy): Promise<FollowedProvider> {
    const { clock, emit, services } = this.options
    const name = providerName(policy)
    const provider = await createProvider(policy, services)
    const onChange = (): void => this.note(name)
    return new FollowedProvider({ name, provider, keepMs: policy.keepMs, clock, emit, onChange })
  }

  private take(next: ReadonlyMap<string, FollowedProvider>, config: Config): void {
    for (const [text, followed] of this.running) if (next.get(text) !== followed) followed.stop()
    this.running = next
    this.tellShadowed(config)
  }

  private providedFor({ providers = [] }: Config): Provided {
    const some = providers.map(textOf).flatMap((text) => this.running.get(text) ?? this.coming.get(text) ?? [])
    return {
      pools: some.flatMap(({ provided }) => provided.pools),
      routes: some.flatMap(({ provided }) => provided.routes),
    }
  }

  private note(name: string): void {
    this.changedBy.add(name)
    this.tellSoon()
  }

  private tellSoon(): void {
    const { clock } = this.options
    if (this.onChange === undefined || this.cancelTell !== undefined) return
    this.cancelTell = clock.after(Math.max(0, this.toldAt + MIN_PAUSE_MS - clock.now()), () => {
      const origin = [...this.changedBy].join(', ')
      this.cancelTell = undefined
      this.toldAt = clock.now()
      this.changedBy.clear()
      this.onChange?.(origin)
    })
  }

  /** Routes that the file has itself: told once. */
  private tellShadowed(config: Config): void {
    const shadowed = shadowedBy(config, this.providedFor(config))
    const text = shadowed.join('\n')
    const [first] = shadowed
    if (first !== undefined && text !== this.toldShadowed)
      this.options.emit({ kind: 'provider-shadowed', count: shadowed.length, detail: first })
    this.toldShadowed = text
  }
}

const textOf = (policy: ProviderPolicy): string => fingerprint({ ...policy, keepMs: policy.keepMs ?? null })

/** Of the routes that are offered, those whose requests the config leads elsewhere itself, in words. */
function shadowedBy(config: Config, { routes }: Provided): readonly string[] {
  const ownMatches = new Map(ownPart(config).routes.map((route) => [matchKey(route), route.pool]))
  return routes.flatMap((route) => {
    const pool = ownMatches.get(matchKey(route))
    if (pool === undefined || pool === route.pool) return []
    return [`${describeRoute(route)}: the configuration has a route of its own there, to ${pool}`]
  })
}
