/**
 * The Redis that keeps the buckets which nodes share, over one connection. Whoever waits for its answer is told after 50 ms
 * that there is none, and nobody begins to wait while one is as late as that; one that is later still ends the connection.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Secret } from '../secrets.ts'
import type { Grant, Measures, Wish } from './lease.ts'
import type { DialRedis, RedisLink } from './redis.ts'
import { JOIN, TAKE } from './redis-scripts.ts'

/** Somebody wants something of one bucket. Of `answered` and `failed` one is called, once. */
export interface Ask {
  /** As it is called among those of all limits. */
  readonly bucket: string
  /** Asked once, as it is sent. */
  prepare(now: number): Order
  answered(grant: Grant, now: number): void
  /** There will be no answer. */
  failed(): void
  /** There is none yet, and nobody is to wait for it any longer; called once at most. */
  late(): void
}

/** What is wanted of a bucket. `lacking`: tokens that it lacks at least. */
export interface Order extends Measures, Wish {
  readonly lacking: number
}

/** What all nodes know. */
export interface Membership {
  /** How many nodes there are, or were a moment ago. */
  readonly nodes: number
  /** How many of them are there. */
  readonly here: number
  /** What they hash keys with: 8 bytes. */
  readonly seed: Buffer
}

export interface KeeperServices {
  readonly clock: Clock
  readonly dial: DialRedis
}

/** Nobody waits longer. */
const WAIT_MS = 50
/** For any answer. */
const LOST_MS = 500
const OPEN_MS = 2000
/** How often a node is to say that it is there, for how long it is taken to be, and for how long it counts. */
export const BEAT_MS = 1000
const HERE_MS = BEAT_MS + LOST_MS
export const COUNTS_MS = 3 * BEAT_MS

const NODES = 'smartedge:nodes'
const SEED = 'smartedge:seed'
const BUCKET = 'smartedge:bucket:'

interface Flight {
  readonly at: number
  readonly asks: readonly Ask[]
}

export class Keeper {
  private readonly clock: Clock
  private readonly link: RedisLink
  private readonly onOver: (reason: string) => void
  /** Asked and not answered yet, in that order. */
  private readonly flights = new Set<Flight>()
  private readonly timers = new Set<Cancel>()
  /** SHA-1 of the scripts. */
  private scripts: { readonly take: string; readonly join: string } = { take: '', join: '' }
  private isOver = false

  /** `onOver`: it is of no use any more, and why; called once, unless it is ended before. Throws where the URL is none. */
  constructor(url: Secret, { clock, dial }: KeeperServices, onOver: (reason: string) => void) {
    this.clock = clock
    this.onOver = onOver
    this.link = dial(url, () => this.lose('the connection is lost'))
  }

  /** Once, before all else; stays without an answer where it fails. */
  async open(): Promise<void> {
    const cancel = this.later(OPEN_MS, () => this.lose(`no answer within ${OPEN_MS} ms`))
    try {
      await this.link.open()
      const [take, join] = await Promise.all([TAKE, JOIN].map((script) => this.link.send('SCRIPT', ['LOAD', script])))
      this.scripts = { take: String(take), join: String(join) }
    } catch (error) {
      this.lose(messageOf(error))
      return new Promise(() => undefined)
    }
    cancel()
  }

  /** Says that a node is there, and which seed it has; stays without an answer where it fails. */
  async join(name: string, seed: Buffer): Promise<Membership> {
    const own = [name, seed.toString('hex'), String(COUNTS_MS), String(HERE_MS)]
    const answer = await this.call(this.scripts.join, ['2', NODES, SEED, ...own])
    const membership = readMembership(answer)
    if (membership !== undefined) return membership
    this.lose(`it answers in another form, or ${SEED} is somebody else's`)
    return new Promise(() => undefined)
  }

  /** In one command, during which Redis does nothing else. */
  ask(asks: readonly Ask[]): void {
    const flight: Flight = { at: this.clock.now(), asks }
    this.flights.add(flight)
    const numbers = asks.flatMap((ask) => {
      const { perMs, burst, wanted, returned, lacking } = ask.prepare(flight.at)
      return [perMs, burst, wanted, returned, lacking].map(String)
    })
    const keys = asks.map(({ bucket }) => BUCKET + bucket)
    const cancel = this.later(WAIT_MS, () => {
      for (const ask of asks) ask.late()
    })
    void this.call(this.scripts.take, [String(keys.length), ...keys, ...numbers]).then((answer) => {
      cancel()
      this.settle(flight, answer)
    })
  }

  /** Whether an answer is to be waited for. */
  isPrompt(now: number): boolean {
    for (const { at } of this.flights) return now - at < WAIT_MS
    return true
  }

  /** Not before the events that are due with it, since the answer may be one of them; not at all once this has ended. */
  later(delayMs: number, task: () => void): Cancel {
    const { clock, timers } = this
    let isOff = false
    const cancelTimer = clock.after(delayMs, () => {
      clock.soon(() => {
        timers.delete(cancel)
        if (!isOff) task()
      })
    })
    const cancel = (): void => {
      isOff = true
      cancelTimer()
      timers.delete(cancel)
    }
    timers.add(cancel)
    return cancel
  }

  /** What has been asked and not answered is not any more. */
  end(): void {
    if (this.isOver) return
    this.isOver = true
    for (const cancel of this.timers) cancel()
    this.link.close()
    for (const { asks } of this.flights) for (const ask of asks) ask.failed()
    this.flights.clear()
  }

  private settle(flight: Flight, answer: unknown): void {
    const grants = readGrants(answer, flight.asks.length)
    if (grants === undefined) return this.lose('it answers in another form')
    this.flights.delete(flight)
    const now = this.clock.now()
    for (const [index, grant] of grants.entries()) flight.asks[index]?.answered(grant, now)
  }

  /** Never rejects: where there is no answer in time, this is over, and stays without one. */
  private call(script: string, args: readonly string[]): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const cancel = this.later(LOST_MS, () => this.lose(`no answer within ${LOST_MS} ms`))
    this.link.send('EVALSHA', [script, ...args]).then(
      (answer) => {
        cancel()
        if (!this.isOver) resolve(answer)
      },
      (error) => this.lose(messageOf(error)),
    )
    return promise
  }

  private lose(reason: string): void {
    if (this.isOver) return
    // Whoever is told that there is no answer must see that this is over.
    this.onOver(reason)
    this.end()
  }
}

/** undefined: that is none. */
function readMembership(answer: unknown): Membership | undefined {
  const [nodes, here, seed] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  if (typeof nodes !== 'number' || typeof here !== 'number' || typeof seed !== 'string') return undefined
  return /^[0-9a-f]{16}$/.test(seed) ? { nodes, here, seed: Buffer.from(seed, 'hex') } : undefined
}

/** undefined: these are none. */
function readGrants(answer: unknown, count: number): Grant[] | undefined {
  if (!Array.isArray(answer) || answer.length !== 2 * count || !answer.every((one) => typeof one === 'number')) return
  return Array.from({ length: count }, (_, index) => ({
    granted: answer[2 * index] as number,
    level: (answer[2 * index + 1] as number) / 1000,
  }))
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
