/**
 * Keeps the certificates of one policy's names: reads those that are there, orders what is wanting or due, and hands over
 * what is new. What is there is served on whatever happens. Names come and go while it runs.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { Certificate } from '../tls/certificate.ts'
import type { Authority } from './authority.ts'
import { isFor, toPem } from './certificate.ts'
import { type AcmeFault, fault } from './fault.ts'
import type { AcmePolicy } from './policy.ts'
import type { Presenter } from './presenter.ts'
import { attemptsFile, certificateFile, type NameState, type NameView, readState, unknown } from './name-state.ts'
import { afterFailure, directoryAt, dueAt, NO_ATTEMPTS } from './schedule.ts'
import { fileOf, nameOf, type Storage } from './storage.ts'

/** What happens to a name, for who tells it. */
export type KeeperNews =
  | { readonly kind: 'issued'; readonly name: string; readonly certificate: Certificate }
  | {
      readonly kind: 'failed'
      readonly name: string
      readonly fault: AcmeFault
      /** ms until it is tried again. */
      readonly againMs: number
      /** undefined: there is none to serve meanwhile. */
      readonly held: Certificate | undefined
    }
  /** It serves, and could not be kept: another one is ordered after a restart. */
  | { readonly kind: 'unkept'; readonly name: string; readonly reason: string }
  /** The CA's clock and ours differ by more than a few minutes; the CA's counts. */
  | { readonly kind: 'clock-off'; readonly aheadMs: number }

export interface KeeperOptions {
  readonly policy: Pick<AcmePolicy, 'challenge'>
  readonly storage: Storage
  /** In the order in which they are asked. */
  readonly authorities: readonly [Authority, ...Authority[]]
  readonly presenter: Presenter
  readonly clock: Pick<Clock, 'after' | 'wallTime'>
  readonly random: Random
  readonly tell: (news: KeeperNews) => void
  /** Other certificates are there than before. */
  readonly onChange: () => void
  /** Whether a name that nobody configured may have one, still; absent: none may. */
  readonly agrees?: (name: string) => Promise<boolean>
}

/** Orders under way at once. */
const MAX_ORDERS = 4
/** How often what is kept is looked at, so that a clock that is set is noticed, and what others have put there. */
const LOOK_MS = { own: 3600_000, shared: 60_000 }
/** Names looked at each time. */
const MAX_LOOKS = 100
/** A name that another node orders. */
const LOCKED_MS = 5000
/** Names that handshakes ask for. */
const MAX_DEMANDED = 10_000
/** A CA's clock that is less ahead or behind is right enough. */
const CLOCK_MARGIN_MS = 5 * 60_000

export class Keeper {
  private readonly options: KeeperOptions
  private states = new Map<string, NameState>()
  /** Names that were asked for in handshakes, and agreed to. */
  private readonly demanded = new Set<string>()
  private orders = 0
  private aheadMs = 0
  /** Whose turn it is to be looked at, by number. */
  private turn = 0
  private cancelLook: Cancel | undefined = undefined
  private cancelNext: Cancel | undefined = undefined
  private readonly ending = new AbortController()
  private isStarted = false

  constructor(options: KeeperOptions) {
    this.options = options
  }

  get certificates(): readonly Certificate[] {
    return [...this.states.values()].flatMap(({ certificate }) => certificate ?? [])
  }

  get views(): readonly NameView[] {
    return [...this.states.values()].map((state) => ({
      name: state.name,
      certificate: state.certificate,
      dueAt: this.dueOf(state),
      isOrdering: state.isOrdering,
      failures: state.attempts.failures,
      detail: state.attempts.detail,
    }))
  }

  has = (name: string): boolean => this.states.has(name)

  /** Those that nobody configures any more, and that were agreed to once. Rejects while the storage cannot be had. */
  async loadDemanded(): Promise<void> {
    const files = await this.options.storage.list('certificates')
    for (const file of files.slice(0, MAX_DEMANDED))
      if (file.endsWith('.pem') && !file.startsWith('_')) this.demanded.add(nameOf(file.slice(0, -'.pem'.length)))
  }

  /** One more, which a handshake asked for and somebody agreed to. */
  async demand(name: string): Promise<void> {
    if (this.states.has(name) || this.demanded.size >= MAX_DEMANDED) return
    this.demanded.add(name)
    // Where the storage is away that is told when it is ordered.
    const [loaded = unknown(name)] = await this.load([name]).catch(() => [])
    if (this.states.has(name) || this.ending.signal.aborted) return
    this.states.set(name, loaded)
    this.options.onChange()
    this.arrange()
  }

  /** Reads what is there of names that are new. Rejects with an Error in words while the storage cannot be had. */
  async load(names: readonly string[]): Promise<readonly NameState[]> {
    const fresh = [...new Set([...names, ...this.demanded])].filter((name) => !this.states.has(name))
    return await Promise.all(fresh.map((name) => readState(this.options.storage, name)))
  }

  /** From now on it keeps these, of which those that are new were loaded, or could not be. */
  take(names: readonly string[], loaded: readonly NameState[]): void {
    const fresh = new Map(loaded.map((state) => [state.name, state]))
    const all = [...new Set([...names, ...this.demanded])]
    for (const name of names) this.demanded.delete(name)
    this.states = new Map(all.map((name) => [name, this.states.get(name) ?? fresh.get(name) ?? unknown(name)]))
    this.options.onChange()
    if (this.isStarted) this.arrange()
  }

  start(): void {
    if (this.isStarted) return
    this.isStarted = true
    this.look()
  }

  /** Orders under way are given up. */
  stop(): void {
    this.isStarted = false
    this.cancelNext?.()
    this.cancelLook?.()
    this.ending.abort()
  }

  /** Orders it now; false: no such name is kept. */
  renew(name: string): boolean {
    const state = this.states.get(name)
    if (state === undefined) return false
    state.isAskedFor = true
    state.lockedUntil = 0
    this.arrange()
    return true
  }

  /** For each name that is kept and that it is for; resolves to those. Rejects while the storage cannot be had. */
  async import(certificate: Certificate): Promise<readonly string[]> {
    const states = [...this.states.values()].filter(({ name }) => isFor(certificate, name))
    for (const state of states) {
      await this.options.storage.write(certificateFile(state.name), toPem(certificate))
      await this.forgive(state)
      this.serve(state, certificate)
    }
    if (states.length > 0) this.options.onChange()
    return states.map(({ name }) => name)
  }

  /** ms since 1970, by the CA's clock where ours is off. */
  private now(): number {
    const { clock } = this.options
    return clock.wallTime() + (Math.abs(this.aheadMs) > CLOCK_MARGIN_MS ? this.aheadMs : 0)
  }

  /** Told by whoever hears a CA. */
  noteClock(aheadMs: number): void {
    const wasOff = Math.abs(this.aheadMs) > CLOCK_MARGIN_MS
    this.aheadMs = aheadMs
    if (!wasOff && Math.abs(aheadMs) > CLOCK_MARGIN_MS) this.options.tell({ kind: 'clock-off', aheadMs })
  }

  private look(): void {
    if (!this.isStarted) return
    const { clock, storage } = this.options
    for (const state of this.inTurn()) void this.lookAgain(state)
    this.arrange()
    this.cancelLook = clock.after(storage.isShared ? LOOK_MS.shared : LOOK_MS.own, () => this.look())
  }

  /** A few at a time: to read a thousand files at once would hold up traffic. */
  private inTurn(): readonly NameState[] {
    const states = [...this.states.values()]
    const from = this.turn < states.length ? this.turn : 0
    this.turn = from + MAX_LOOKS
    return states.slice(from, this.turn)
  }

  /** Whether another node, or a person, has put another certificate there; and what its CA suggests. */
  private async lookAgain(state: NameState): Promise<void> {
    if (state.isOrdering) return
    await this.refresh(state).catch(() => undefined)
    const { certificate } = state
    if (certificate === undefined || this.now() < state.suggestionAt) return
    state.suggestionAt = Infinity
    const { window, againMs } = await this.options.authorities[0].suggestion(certificate)
    state.suggestionAt = this.now() + againMs
    if (state.certificate !== certificate) return
    state.window = window
    this.arrange()
  }

  /** Rejects while the storage cannot be had. */
  private async refresh(state: NameState): Promise<void> {
    const { certificate, attempts } = await readState(this.options.storage, state.name)
    const isNews = certificate !== undefined && certificate.fingerprint !== state.certificate?.fingerprint
    if (!isNews || this.states.get(state.name) !== state) return
    state.attempts = attempts
    this.serve(state, certificate)
    this.options.onChange()
  }

  private serve(state: NameState, certificate: Certificate): void {
    state.certificate = certificate
    state.window = undefined
    state.suggestionAt = 0
  }

  private dueOf(state: NameState): number {
    const { certificate, window, attempts, issuedAt, isAskedFor, lockedUntil } = state
    return isAskedFor ? lockedUntil : Math.max(dueAt({ held: certificate, window, attempts, issuedAt }), lockedUntil)
  }

  /** Orders what is due, as many at once as may be, and sets the clock for the next look. */
  private arrange(): void {
    if (!this.isStarted) return
    this.cancelNext?.()
    const now = this.now()
    const waiting = [...this.states.values()].filter(({ isOrdering }) => !isOrdering)
    const sorted = waiting.toSorted((one, other) => this.dueOf(one) - this.dueOf(other))
    for (const state of sorted) {
      if (this.orders >= MAX_ORDERS || this.dueOf(state) > now) break
      void this.order(state)
    }
    const next = sorted.find(({ isOrdering }) => !isOrdering)
    const untilNext = next === undefined || this.orders >= MAX_ORDERS ? Infinity : this.dueOf(next) - now
    this.cancelNext = this.options.clock.after(Math.min(Math.max(untilNext, 0), LOOK_MS.own), () => this.arrange())
  }

  private async order(state: NameState): Promise<void> {
    state.isOrdering = true
    this.orders += 1
    try {
      await this.orderLocked(state)
    } catch (error) {
      await this.failed(state, fault('own', error instanceof Error ? error.message : String(error)))
    } finally {
      this.orders -= 1
      state.isOrdering = false
      this.arrange()
    }
  }

  private async orderLocked(state: NameState): Promise<void> {
    const { storage, authorities, presenter, policy } = this.options
    const letGo = await storage.lock(fileOf(state.name))
    if (letGo === undefined) {
      state.lockedUntil = this.now() + LOCKED_MS
      return await this.refresh(state)
    }
    try {
      await this.refresh(state)
      const isStillDue = (): boolean => this.dueOf(state) <= this.now()
      if (!isStillDue() || !(await this.isWanted(state))) return
      const authority = authorities[directoryAt(state.attempts, authorities.length)] ?? authorities[0]
      const { name, certificate: held } = state
      const { challenge } = policy
      const issued = await authority.order({ name, challenge, presenter, held, isStillDue, signal: this.ending.signal })
      if (issued.kind === 'issued') await this.issued(state, issued.certificate)
      else if (issued.kind === 'failed') await this.failed(state, issued.fault)
    } finally {
      await letGo().catch(() => undefined)
    }
  }

  /** One that nobody configured is asked about again, and left when that is no. */
  private async isWanted({ name }: NameState): Promise<boolean> {
    const { agrees, onChange } = this.options
    if (!this.demanded.has(name) || (await agrees?.(name)) === true) return true
    this.demanded.delete(name)
    this.states.delete(name)
    onChange()
    return false
  }

  private async issued(state: NameState, certificate: Certificate): Promise<void> {
    const { storage, tell, onChange } = this.options
    const { name } = state
    state.isAskedFor = false
    state.issuedAt = this.now()
    this.serve(state, certificate)
    // It serves before it is kept: a disk that is full keeps nobody from a good certificate.
    if (this.states.get(name) === state) onChange()
    tell({ kind: 'issued', name, certificate })
    try {
      await storage.write(certificateFile(name), toPem(certificate))
      await this.forgive(state)
    } catch (error) {
      tell({ kind: 'unkept', name, reason: error instanceof Error ? error.message : String(error) })
    }
  }

  private async forgive(state: NameState): Promise<void> {
    if (state.attempts !== NO_ATTEMPTS) await this.options.storage.remove(attemptsFile(state.name))
    state.attempts = NO_ATTEMPTS
  }

  private async failed(state: NameState, why: AcmeFault): Promise<void> {
    if (this.ending.signal.aborted) return
    const { storage, random, tell, authorities } = this.options
    const now = this.now()
    state.isAskedFor = false
    state.attempts = afterFailure(state.attempts, { fault: why, now, part: random(), directories: authorities.length })
    const { name, certificate: held, attempts } = state
    tell({ kind: 'failed', name, fault: why, againMs: Math.max(0, attempts.notBefore - now), held })
    // So that a restart does not ask what was refused a moment ago; without it, one may.
    await storage.write(attemptsFile(name), `${JSON.stringify(attempts)}\n`).catch(() => undefined)
  }
}
