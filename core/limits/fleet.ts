/**
 * The nodes that share buckets, as one of them sees it: it says that it is there, learns how many they are, and comes back
 * after a while when Redis has been away. What is asked within a turn goes out together. Nodes that are not heard of grant
 * their shares by themselves, until they count no more: so those that are grant only what is theirs.
 */
import { randomBytes } from 'node:crypto'
import type { Cancel } from '../clock.ts'
import type { Emit } from '../observe/events.ts'
import type { Random } from '../random.ts'
import { fingerprint, type Secret } from '../secrets.ts'
import { type Ask, BEAT_MS, COUNTS_MS, Keeper, type KeeperServices, type Membership } from './keeper.ts'
import type { KeyHash } from './key-hash.ts'

export interface FleetServices extends KeeperServices {
  readonly random: Random
  readonly emit: Emit
}

const FIRST_PAUSE_MS = 100
/** No longer, since all nodes have to be back for a limit to be shared again. */
const LONGEST_PAUSE_MS = 1000
/** While nodes are missed. */
const QUICK_BEAT_MS = 250
/** Of one command: about half a millisecond of Redis's time. */
const MOST_BUCKETS = 128

export class Fleet {
  /** Whether the nodes share what they grant. */
  isJoined = false
  /** How many nodes there were last, this one among them. */
  nodes = 1
  /** What of a rate those grant together that are there: above 0, up to 1. */
  part = 1
  /** What keys are hashed with: all nodes come to have the same seed. */
  readonly hash: KeyHash
  private readonly services: FleetServices
  private readonly name = randomBytes(8).toString('hex')
  private seed: Buffer
  private url: Secret | undefined = undefined
  private keeper: Keeper | undefined = undefined
  private cancelPause: Cancel | undefined = undefined
  private pauses = 0
  private queue: Ask[] = []
  /** Before this there are no fewer nodes than were known before Redis was away. */
  private heldUntil = 0
  /** What was told last, and when. */
  private told: { readonly kind: 'limits-local' | 'limits-shared'; readonly at: number } | undefined = undefined

  /** `hash`: nobody else's; it gets the seed that the nodes have in common. */
  constructor(hash: KeyHash, services: FleetServices) {
    this.hash = hash
    this.services = services
    this.seed = randomBytes(8)
    hash.reseed(this.seed)
  }

  /** From now on buckets are kept there, once it can be had; undefined: nowhere. */
  update(url: Secret | undefined): void {
    if (fingerprint(url) === fingerprint(this.url)) return
    this.url = url
    this.pauses = 0
    this.told = undefined
    const { keeper } = this
    this.forget()
    keeper?.end()
    if (url === undefined) this.nodes = 1
    else this.connect(url)
  }

  /** Whether it is worth waiting for an answer. */
  isPrompt(now: number): boolean {
    return this.isJoined && this.keeper?.isPrompt(now) === true
  }

  /** Goes out behind the events that are due now. */
  send(ask: Ask): void {
    this.queue.push(ask)
    if (this.queue.length === 1) this.services.clock.soon(() => this.flush())
  }

  private flush(): void {
    const { queue } = this
    this.queue = []
    for (let from = 0; from < queue.length; from += MOST_BUCKETS) {
      const asks = queue.slice(from, from + MOST_BUCKETS)
      if (this.keeper !== undefined && this.isJoined) this.keeper.ask(asks)
      else for (const ask of asks) ask.failed()
    }
  }

  private connect(url: Secret): void {
    try {
      const keeper: Keeper = new Keeper(url, this.services, (reason) => this.lose(reason))
      this.keeper = keeper
      void keeper.open().then(() => this.beat(keeper))
    } catch (error) {
      this.lose(error instanceof Error ? error.message : String(error))
    }
  }

  /** It has joined once it has written something, as it will have to. */
  private async beat(keeper: Keeper): Promise<void> {
    const membership = await keeper.join(this.name, this.seed)
    if (keeper !== this.keeper) return
    this.learn(membership)
    keeper.later(this.part < 1 ? QUICK_BEAT_MS : BEAT_MS, () => void this.beat(keeper))
    this.isJoined = true
    this.pauses = 0
    this.tell('limits-shared')
  }

  private learn({ nodes, here, seed }: Membership): void {
    const now = this.services.clock.now()
    if (!this.isJoined) this.heldUntil = now + COUNTS_MS
    this.nodes = now < this.heldUntil ? Math.max(nodes, this.nodes) : nodes
    this.part = Math.min(1, here / this.nodes)
    if (!seed.equals(this.seed)) this.hash.reseed(seed)
    this.seed = seed
  }

  private lose(reason: string): void {
    const { clock, random } = this.services
    this.forget()
    this.tell('limits-local', reason)
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.pauses)
    this.pauses += 1
    this.cancelPause = clock.after(longest * (0.5 + random() / 2), () => {
      this.cancelPause = undefined
      if (this.url !== undefined) this.connect(this.url)
    })
  }

  private forget(): void {
    this.cancelPause?.()
    this.cancelPause = undefined
    this.keeper = undefined
    this.isJoined = false
  }

  /** Each way once. */
  private tell(kind: 'limits-local' | 'limits-shared', reason = ''): void {
    const { told, nodes } = this
    const { clock, emit } = this.services
    if (told?.kind === kind) return
    const now = clock.now()
    if (kind === 'limits-local') emit({ kind, nodes, reason })
    else emit({ kind, nodes, ...(told !== undefined && { forMs: Math.round(now - told.at) }) })
    this.told = { kind, at: now }
  }
}
