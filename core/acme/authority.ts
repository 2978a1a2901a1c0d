/** One CA: our account with it, what is ordered of it, and when it would have a certificate renewed. */
import type { Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import type { ServiceTls } from '../net/service-request.ts'
import { type Account, accountOf } from './accounts.ts'
import { type Directory, readRenewalWindow, type RenewalWindow } from './answers.ts'
import type { Certificate } from '../tls/certificate.ts'
import { renewalIdOf } from './certificate.ts'
import { type AcmeFault, fault } from './fault.ts'
import { signBinding } from './jws.ts'
import { placeOrder } from './place-order.ts'
import type { ChallengeKind, DirectoryPolicy } from './policy.ts'
import type { Presenter } from './presenter.ts'
import { jsonOf, Session } from './session.ts'
import type { Storage } from './storage.ts'

export interface AuthorityOptions {
  readonly policy: DirectoryPolicy
  readonly email: string | undefined
  readonly storage: Storage
  readonly ask: Ask
  readonly clock: Pick<Clock, 'after' | 'wallTime'>
  /** A text that is there; undefined: it cannot be read. */
  readonly readPem: (path: string) => string | undefined
  /** By how many ms its clock is ahead of ours. */
  readonly onClock: (aheadMs: number) => void
}

export interface Wanted {
  readonly name: string
  readonly challenge: ChallengeKind
  readonly presenter: Presenter
  /** What there is now; undefined: nothing. */
  readonly held: Certificate | undefined
  /** Asked once the CA has been heard, and its clock is known; false: it is left. */
  readonly isStillDue: () => boolean
  readonly signal: AbortSignal
}

export type Issued =
  | { readonly kind: 'issued'; readonly certificate: Certificate }
  | { readonly kind: 'failed'; readonly fault: AcmeFault }
  | { readonly kind: 'not-due' }

export interface Suggestion {
  /** undefined: it suggests none. */
  readonly window: RenewalWindow | undefined
  /** ms until it is worth asking again. */
  readonly againMs: number
}

/** RFC 9773 4.3: bounds for what a CA says, and what holds when it says nothing. */
const ASK_AGAIN_MS = { min: 60_000, usual: 6 * 3600_000, max: 24 * 3600_000 }

export class Authority {
  private readonly options: AuthorityOptions

  constructor(options: AuthorityOptions) {
    this.options = options
  }

  /** Of its directory. */
  get url(): string {
    return this.options.policy.url
  }

  /** Never rejects. */
  async order(wanted: Wanted): Promise<Issued> {
    try {
      const issued = await this.tryOrder(wanted)
      return issued.kind === 'failed' ? failed(this.named(issued.fault)) : issued
    } catch (error) {
      return failed(fault('own', error instanceof Error ? error.message : String(error)))
    }
  }

  /** Never rejects. */
  async suggestion(held: Certificate): Promise<Suggestion> {
    const usual = { window: undefined, againMs: ASK_AGAIN_MS.usual }
    const renewalId = renewalIdOf(held)
    if (renewalId === undefined) return usual
    try {
      const { session } = await this.open()
      const found = await session.directory()
      if (found.kind !== 'directory' || found.directory.renewalInfo === undefined) return usual
      const heard = await session.get(`${found.directory.renewalInfo}/${renewalId}`)
      if (heard.kind === 'fault') return usual
      const { min, max } = ASK_AGAIN_MS
      const againMs = Math.min(Math.max(heard.retryAfterMs ?? usual.againMs, min), max)
      return { window: readRenewalWindow(jsonOf(heard.body)), againMs }
    } catch {
      return usual
    }
  }

  /** Of several CAs, people are told which one it was. */
  private named(met: AcmeFault): AcmeFault {
    return met.kind === 'own' ? met : { ...met, detail: `${new URL(this.options.policy.url).host}: ${met.detail}` }
  }

  private async tryOrder(wanted: Wanted): Promise<Issued> {
    const { session, account } = await this.open()
    const { clock, policy } = this.options
    const found = await session.directory()
    if (found.kind === 'fault') return failed(found.fault)
    if (found.kind === 'reply') return failed(fault('nonsense', 'what it answered is no ACME directory'))
    const { directory } = found
    if (!wanted.isStillDue()) return { kind: 'not-due' }
    if (directory.needsBinding && policy.binding === undefined)
      return failed(fault('refused', 'it takes bound accounts alone: eab must be set, with the key it has given'))
    const { name, challenge, presenter, held, signal } = wanted
    const outcome = await placeOrder({
      plan: {
        name,
        challenge,
        directory,
        base: policy.url,
        registration: await this.registration(directory, account),
        replaces: directory.renewalInfo === undefined || held === undefined ? undefined : renewalIdOf(held),
        settleMs: presenter.settleMs,
      },
      session,
      key: account.key,
      account: account.url,
      presenter,
      clock,
      signal,
    })
    // A certificate is not lost for a disk that has become full: whoever asks next finds the account by its key.
    if (outcome.account !== undefined && outcome.account !== account.url)
      await account.registered(outcome.account).catch(() => undefined)
    return outcome
  }

  private async open(): Promise<{ readonly session: Session; readonly account: Account }> {
    const { policy, email, storage, ask, clock, onClock } = this.options
    const account = await accountOf(storage, policy.url, email)
    const { key } = account
    return { account, session: new Session({ directory: policy.url, key, ask, clock, tls: this.tls(), onClock }) }
  }

  /** Read anew each time, since certificates are renewed. */
  private tls(): ServiceTls | undefined {
    const { policy, readPem } = this.options
    if (policy.ca === undefined) return undefined
    const ca = readPem(policy.ca)
    if (ca === undefined) throw new Error(`${policy.ca} cannot be read`)
    return { ca }
  }

  private async registration(directory: Directory, { key }: Account): Promise<object> {
    const { email, policy } = this.options
    const { binding } = policy
    return {
      termsOfServiceAgreed: true,
      ...(email !== undefined && { contact: [`mailto:${email}`] }),
      ...(binding && { externalAccountBinding: await signBinding(directory.newAccount, key, binding) }),
    }
  }
}

const failed = (why: AcmeFault): Issued => ({ kind: 'failed', fault: why })
