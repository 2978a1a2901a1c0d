/**
 * Keeps the certificates of one policy's names: reads those that are there, orders what is wanting or due, and hands over
 * what is new. What is there is served on whatever happens. Names come and go while it runs.
 */
import type { Cancel } from '../clock.ts'
import type { Certificate } from '../tls/certificate.ts'
import type { Authority } from './authority.ts'
import { isFor, toPem } from './certificate.ts'
import { type AcmeFault, fault } from './fault.ts'
import type { KeeperOptions } from './keeper-contract.ts'
import { attemptsFile, certificateFile, type NameState, type NameView, readState, unknown } from './name-state.ts'
import { afterFailure, directoryAt, dueAt, NO_ATTEMPTS } from './schedule.ts'
import { fileOf, nameOf } from './storage.ts'

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
  private isLooking = false

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

  has(name: string): boolean {
    return this.states.has(name)
  }

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
    const loaded = await readState(this.options.storage, name).catch(() => unknown(name))
    if (this.states.has(name) || this.ending.signal.aborted) return
    this.states.set(name, loaded)
    this.options.onChange()
    this.arrange()
  }

  /** Reads what is there of names that are new. Rejects with an Error in words while the storage cannot be had. */
  async load(names: readonly string[]): Promise<readonly NameState[]> {
    const fresh = [...new Set([...names, ...this.demanded])].filter((name) => !this.states.has(name))
    const states: NameState[] = []
    for (const name of fresh) {
      states.push(await readState(this.options.storage, name))
      await this.turnOver()
    }
    return states
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
      this.serve(state, certificate, undefined)
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
    void this.lookAtAll(this.inTurn())
    this.arrange()
    this.cancelLook = clock.after(storage.isShared ? LOOK_MS.shared : LOOK_MS.own, () => this.look())
  }

  /** One after the other, so that a CA is not asked for all of them at once. */
  private async lookAtAll(states: readonly NameState[]): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    for (const state of states) {
      if (this.isStarted) await this.lookAgain(state)
      await this.turnOver()
    }
    this.isLooking = false
  }

  /** To read a certificate takes half a millisecond, in which nothing else is done. */
  private turnOver(): Promise<void> {
    return new Promise((resolve) => this.options.clock.soon(resolve))
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
    const authority = this.authorityOf(state.origin ?? '') ?? this.options.authorities[0]
    const { window, againMs } = await authority.suggestion(certificate)
    state.suggestionAt = this.now() + againMs
    if (state.certificate !== certificate) return
    state.window = window
    this.arrange()
  }

  /** Rejects while the storage cannot be had. */
  private async refresh(state: NameState): Promise<void> {
    const { certificate, attempts, origin } = await readState(this.options.storage, state.name)
    const isNews = certificate !== undefined && certificate.fingerprint !== state.certificate?.fingerprint
    if (!isNews || this.states.get(state.name) !== state) return
    state.attempts = attempts
    state.isAskedFor = false
    this.serve(state, certificate, origin)
    this.options.onChange()
  }

  private serve(state: NameState, certificate: Certificate, origin: string | undefined): void {
    state.certificate = certificate
    state.origin = origin
    state.window = undefined
    state.suggestionAt = 0
  }

  private dueOf(state: NameState): number {
    const { certificate, window, attempts, issuedAt, isAskedFor, lockedUntil } = state
    if (isAskedFor) return lockedUntil
    const held = this.isForeign(state) ? undefined : certificate
    return Math.max(dueAt({ held, window, attempts, issuedAt }), lockedUntil)
  }

  /** Had from a CA that is configured no more, such as one for trying: it serves until there is another. */
  private isForeign({ origin }: NameState): boolean {
    return origin !== undefined && this.authorityOf(origin) === undefined
  }

  private authorityOf(origin: string): Authority | undefined {
    return this.options.authorities.find(({ url }) => url === origin)
  }

  /** Orders what is due, as many at once as may be, and sets the clock for the next look. */
  private arrange(): void {
    if (!this.isStarted) return
    this.cancelNext?.()
    const now = this.now()
    // Whoever is still due when no more may be ordered comes when one of those has ended.
    let next = Infinity
    const due: { readonly state: NameState; readonly at: number }[] = []
    for (const state of this.states.values()) {
      const at = state.isOrdering ? Infinity : this.dueOf(state)
      if (at <= now) due.push({ state, at })
      else next = Math.min(next, at)
    }
    due.sort((one, other) => one.at - other.at)
    for (const { state } of due.slice(0, Math.max(0, MAX_ORDERS - this.orders))) void this.order(state)
    this.cancelNext = this.options.clock.after(Math.min(next - now, LOOK_MS.own), () => this.arrange())
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
      const { name, certificate, origin } = state
      const { challenge } = policy
      // Only its own CA knows what is replaced.
      const held = origin === authority.url ? certificate : undefined
      const issued = await authority.order({ name, challenge, presenter, held, isStillDue, signal: this.ending.signal })
      if (issued.kind === 'issued') await this.issued(state, issued.certificate, authority.url)
      else if (issued.kind === 'failed') await this.failed(state, issued.fault)
    } finally {
      await letGo().catch(() => undefined)
    }
  }

  /** One that nobody configured is asked about again. When that is no it serves until its end, and is left then. */
  private async isWanted(state: NameState): Promise<boolean> {
    const { agrees, onChange } = this.options
    const { name, certificate } = state
    if (!this.demanded.has(name) || (await agrees?.(name)) === true) return true
    if (certificate !== undefined && certificate.notAfter > this.now())
      await this.failed(state, fault('own', 'the URL of onDemand does not agree to it any more'))
    else {
      this.demanded.delete(name)
      this.states.delete(name)
      onChange()
    }
    return false
  }

  private async issued(state: NameState, certificate: Certificate, origin: string): Promise<void> {
    const { storage, tell, onChange } = this.options
    const { name } = state
    state.isAskedFor = false
    state.issuedAt = this.now()
    this.serve(state, certificate, origin)
    // It serves before it is kept: a disk that is full keeps nobody from a good certificate.
    if (this.states.get(name) === state) onChange()
    tell({ kind: 'issued', name, certificate })
    try {
      await storage.write(certificateFile(name), toPem(certificate, origin))
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
