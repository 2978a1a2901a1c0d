/**
 * What is there for a CA to see, now: answers of http-01 by token, certificates of tls-alpn-01 by name. Where nodes share a
 * storage it may come to any of them: each reads what the others have put there, while there is something to be read.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { SecureMaterial } from '../net/tls-context.ts'
import { challengeCertificate } from './challenge-certificate.ts'
import { fault } from './fault.ts'
import type { Presenter, Proof } from './presenter.ts'
import { LOCK_MS, type Storage } from './storage.ts'

/** How often a node looks what others have put there; the CA is told twice as late. */
const LOOK_MS = 2000
/** What one node has at once, others' included: beyond it something is wrong. */
const MAX_PROOFS = 1000
const FOLDER = 'challenges'

export class Proofs implements Presenter {
  readonly settleMs: number
  private readonly storage: Storage
  private readonly clock: Pick<Clock, 'after' | 'wallTime'>
  private readonly byToken = new Map<string, Proof>()
  /** Tokens that other nodes have put there. */
  private readonly others = new Set<string>()
  private readonly certificates = new Map<string, SecureMaterial>()
  private cancelLook: Cancel | undefined = undefined
  private isStarted = false

  constructor(storage: Storage, clock: Pick<Clock, 'after' | 'wallTime'>) {
    this.storage = storage
    this.clock = clock
    this.settleMs = storage.isShared ? 2 * LOOK_MS : 0
  }

  /** Harmless when called again. */
  start(): void {
    if (this.isStarted || !this.storage.isShared) return
    this.isStarted = true
    void this.look()
  }

  stop(): void {
    this.isStarted = false
    this.cancelLook?.()
  }

  /** What http-01 wants at `/.well-known/acme-challenge/TOKEN`; undefined: no such token is known. */
  answerTo(token: string): string | undefined {
    return this.byToken.get(token)?.keyAuthorization
  }

  /** What tls-alpn-01 wants in a handshake for that name; undefined: none is under way. */
  certificateFor(name: string): SecureMaterial | undefined {
    const found = this.certificates.get(name)
    if (found !== undefined) return found
    const proof = [...this.byToken.values()].findLast((one) => one.name === name)
    if (proof === undefined) return undefined
    const made = challengeCertificate(name, proof.keyAuthorization, this.clock.wallTime())
    this.certificates.set(name, made)
    return made
  }

  async present(proof: Proof) {
    this.keep(proof)
    if (!this.storage.isShared) return undefined
    try {
      await this.storage.write(
        `${FOLDER}/${proof.token}`,
        JSON.stringify({ ...proof, until: this.clock.wallTime() + LOCK_MS }),
      )
      return undefined
    } catch (error) {
      return fault('own', `the other nodes could not be told of the challenge: ${String(error)}`)
    }
  }

  async remove({ token }: Proof): Promise<void> {
    this.forget(token)
    if (!this.storage.isShared) return
    // What stays there is found by nobody who asks.
    await this.storage.remove(`${FOLDER}/${token}`).catch(() => undefined)
  }

  private keep(proof: Proof): void {
    if (this.byToken.size >= MAX_PROOFS) return
    this.byToken.set(proof.token, proof)
    this.certificates.delete(proof.name)
  }

  private forget(token: string): void {
    const proof = this.byToken.get(token)
    this.byToken.delete(token)
    this.others.delete(token)
    if (proof !== undefined) this.certificates.delete(proof.name)
  }

  private async look(): Promise<void> {
    try {
      const tokens = await this.storage.list(FOLDER)
      for (const known of this.others) if (!tokens.includes(known)) this.forget(known)
      for (const token of tokens.slice(0, MAX_PROOFS)) if (!this.byToken.has(token)) await this.readOther(token)
    } catch {
      // Told where it matters: when something is ordered.
    }
    if (this.isStarted) this.cancelLook = this.clock.after(LOOK_MS, () => void this.look())
  }

  private async readOther(token: string): Promise<void> {
    const kept = readProof((await this.storage.read(`${FOLDER}/${token}`)) ?? '')
    // Whoever left it there has died.
    if (kept !== undefined && kept.until < this.clock.wallTime()) await this.storage.remove(`${FOLDER}/${token}`)
    if (kept?.proof.token !== token || kept.until < this.clock.wallTime() || this.byToken.has(token)) return
    const { proof } = kept
    this.others.add(token)
    this.keep(proof)
  }
}

function readProof(text: string): { readonly proof: Proof; readonly until: number } | undefined {
  try {
    const { name, token, keyAuthorization, until }: Record<string, unknown> = JSON.parse(text)
    const isProof = typeof name === 'string' && typeof token === 'string' && typeof keyAuthorization === 'string'
    return isProof && typeof until === 'number' ? { proof: { name, token, keyAuthorization }, until } : undefined
  } catch {
    return undefined
  }
}
