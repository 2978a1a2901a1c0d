/**
 * Previews, as a part: what of the config in force is served besides, until when. It comes first, so that the parts behind it
 * get ready for what is served; a preview that comes or goes has the same config put in force once more.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { ConfigFiles, Controller } from '../control/contract.ts'
import { createQueue } from '../control/queue.ts'
import type { Emit } from '../observe/events.ts'
import type { Move, Part } from '../part.ts'
import {
  type AdminPreviews,
  MOST_PREVIEWS,
  type Preview,
  type PreviewPut,
  type PreviewView,
  type PreviewWish,
} from '../preview/contract.ts'
import { readPreviews, renderPreviews } from '../preview/kept.ts'
import { type ReadyPreview, readPreview, serve, type Served } from '../preview/serve.ts'
import type { Ground } from './ground.ts'
import { type OwnState, ownState } from './own-state.ts'

export interface PreviewHostOptions {
  readonly clock: Clock
  readonly emit: Emit
  /** undefined: nothing is kept. */
  readonly store: OwnState | undefined
}

/** A timer may not wait for longer; it looks again then. */
const LONGEST_WAIT_MS = 3_600_000
const SHORTEST_WAIT_MS = 1000

type Previews = ReadonlyMap<string, ReadyPreview>

interface Serving {
  /** Without previews. */
  readonly config: Config
  readonly previews: Previews
  readonly served: Served
}

export class PreviewHost implements Part<Config>, AdminPreviews {
  private readonly options: PreviewHostOptions
  /** By host; those that are to be served. */
  private wanted: Previews = new Map()
  private inForce: Serving | undefined = undefined
  /** What is being got ready; from the commit on what is in force. */
  private next: Serving | undefined = undefined
  /** One change after the other: each begins with what the one before came to. */
  private readonly queue = createQueue()
  private controller: Pick<Controller, 'reapply'> | undefined = undefined
  private cancel: Cancel = () => undefined

  /** Those that a process before has left go on. */
  constructor(options: PreviewHostOptions) {
    this.options = options
    const kept = readPreviews(options.store?.read(), options.clock.wallTime())
    this.wanted = byHost(kept.flatMap((preview) => readyOf(preview) ?? []))
  }

  /** From now on they may come and go. */
  attach(controller: Pick<Controller, 'reapply'>): void {
    this.controller = controller
    this.waitForNext()
  }

  prepare(config: Config): Promise<Move> {
    const previews = this.wanted
    const next = { config, previews, served: serve(config, [...previews.values()]) }
    this.next = next
    return Promise.resolve({
      isNews: this.inForce !== undefined && previews !== this.inForce.previews,
      commit: () => void (this.inForce = next),
      abandon: () => void (this.next = this.inForce),
    })
  }

  /** What is served by the config that is got ready, or is in force. */
  get served(): Config {
    const { served } = this.next ?? this.inForce ?? {}
    if (served === undefined) throw new Error('no config has been got ready yet')
    return served.config
  }

  /** The same for the parts that know pools and routes by their names alone. */
  over(part: Part<Config>): Part<Config> {
    return { prepare: () => part.prepare(this.served) }
  }

  stop(): void {
    this.cancel()
  }

  list(): readonly PreviewView[] {
    return [...this.wanted.values()].map((one) => this.viewOf(one)).toSorted((a, b) => (a.host < b.host ? -1 : 1))
  }

  put(wish: PreviewWish, origin: string): Promise<PreviewPut> {
    return this.queue(() => this.putNow(wish, origin))
  }

  remove(host: string, origin: string): Promise<boolean> {
    return this.queue(() => this.removeNow(host, origin))
  }

  private async putNow({ host, url, forMs }: PreviewWish, origin: string): Promise<PreviewPut> {
    const { clock, emit } = this.options
    const at = clock.wallTime()
    const read = readPreview({ host, url, at, until: at + forMs, origin })
    if (read.kind === 'problem') return { kind: 'invalid', key: read.key, rule: read.rule, hint: read.hint }
    const { preview } = read
    const known = this.wanted.get(preview.host)
    if (known === undefined && this.wanted.size >= MOST_PREVIEWS)
      return {
        kind: 'refused',
        detail: `There are ${MOST_PREVIEWS} previews already: remove one, or wait for its end.`,
      }
    const claim = this.inForce && serve(this.inForce.config, [preview]).hidden.get(preview.host)
    if (claim !== undefined)
      return { kind: 'refused', detail: `${preview.host} is a host of the configured route ${claim}.` }
    const fault = await this.change(byHost([...this.wanted.values(), preview]))
    if (fault !== undefined) return { kind: 'refused', detail: fault }
    const until = new Date(preview.until).toISOString()
    emit({
      kind: 'preview',
      host: preview.host,
      what: known ? 'replaced' : 'added',
      detail: `${url} until ${until}`,
      from: origin,
    })
    return { kind: known ? 'replaced' : 'added', preview: this.viewOf(preview) }
  }

  private async removeNow(host: string, origin: string): Promise<boolean> {
    const known = this.wanted.get(host.toLowerCase())
    if (known === undefined) return false
    const fault = await this.change(byHost([...this.wanted.values()].filter((one) => one !== known)))
    if (fault !== undefined) throw new Error(fault)
    this.options.emit({ kind: 'preview', host: known.host, what: 'removed', detail: known.url, from: origin })
    return true
  }

  /** Why it could not be, in words; undefined: it is in force. */
  private async change(previews: Previews): Promise<string | undefined> {
    const before = this.wanted
    this.wanted = previews
    const problems = (await this.controller?.reapply()) ?? []
    if (problems.length > 0) this.wanted = before
    else this.options.store?.write(renderPreviews([...previews.values()].map(plain)))
    this.waitForNext()
    if (problems.length === 0) return undefined
    return problems.map(({ key, message }) => `${key} ${message}`.trim()).join('; ')
  }

  private waitForNext(): void {
    const { clock } = this.options
    this.cancel()
    const ends = [...this.wanted.values()].map(({ until }) => until)
    if (ends.length === 0) return
    // What could not go when it was over is tried again.
    const waitMs = Math.max(SHORTEST_WAIT_MS, Math.min(...ends) - clock.wallTime())
    this.cancel = clock.after(Math.min(waitMs, LONGEST_WAIT_MS), () => void this.queue(() => this.expire()))
  }

  private async expire(): Promise<void> {
    const { clock, emit } = this.options
    const now = clock.wallTime()
    const all = [...this.wanted.values()]
    const over = all.filter(({ until }) => until <= now)
    if (over.length === 0) return this.waitForNext()
    if ((await this.change(byHost(all.filter((one) => !over.includes(one))))) !== undefined) return
    for (const { host, url } of over) emit({ kind: 'preview', host, what: 'expired', detail: url, from: 'time' })
  }

  private viewOf({ host, url, until, at, origin }: Preview): PreviewView {
    const hiddenBy = this.inForce?.served.hidden.get(host) ?? null
    return { host, url, until: new Date(until).toISOString(), at: new Date(at).toISOString(), origin, hiddenBy }
  }
}

const plain = ({ host, url, until, at, origin }: Preview): Preview => ({ host, url, until, at, origin })

const byHost = (previews: readonly ReadyPreview[]): Previews => new Map(previews.map((one) => [one.host, one]))

function readyOf(preview: Preview): ReadyPreview | undefined {
  const read = readPreview(preview)
  return read.kind === 'ready' ? read.preview : undefined
}

/** Of an edge that has files, kept beside other state of its user. */
export const createPreviews = (
  { clock, emit }: Pick<Ground, 'clock' | 'emit'>,
  files: ConfigFiles | undefined,
): PreviewHost =>
  new PreviewHost({
    clock,
    emit,
    store: files && ownState({ name: 'previews', config: files.place.path, env: files.env, emit }),
  })
