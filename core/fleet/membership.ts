/** A node among those of its source: its entry stands there for as long as a lease is renewed, and is gone soon after it is not. */
import type { Cancel, Clock } from '../clock.ts'
import type { Emit } from '../observe/events.ts'
import { LEASE_SECONDS, type LeaseCalls } from './store.ts'

export interface MembershipOptions {
  readonly lease: LeaseCalls
  /** For people. */
  readonly source: string
  readonly node: string
  /** What the entry is to say, now. */
  readonly record: () => string
  readonly clock: Pick<Clock, 'after'>
  readonly emit: Emit
}

/** Two may get lost. */
const RENEW_MS = (LEASE_SECONDS / 3) * 1000
/** In a row, before somebody is told: a server that is begun anew answers soon. */
const TOLD_AFTER = 3

export class Membership {
  private readonly options: MembershipOptions
  private lease: string | undefined = undefined
  private written = ''
  private failures = 0
  private isUnlisted = false
  private isOver = false
  private step: Promise<void> = Promise.resolve()
  private cancel: Cancel = () => undefined

  constructor(options: MembershipOptions) {
    this.options = options
  }

  start(): void {
    this.update()
  }

  /** The entry may have to say something else. */
  update(): void {
    if (this.isOver) return
    this.cancel()
    this.step = this.step.then(() => this.once())
  }

  /** The entry goes at once, where the store can be had. */
  async leave(): Promise<void> {
    if (this.isOver) return
    this.isOver = true
    this.cancel()
    await this.step
    if (this.lease !== undefined) await this.options.lease.revoke(this.lease)
  }

  private async once(): Promise<void> {
    if (this.isOver) return
    const reason = await this.write()
    this.failures = reason === undefined ? 0 : this.failures + 1
    this.tell(reason)
    this.cancel()
    if (!this.isOver) this.cancel = this.options.clock.after(RENEW_MS, () => this.update())
  }

  /** Why it does not stand there; undefined: it does. */
  private async write(): Promise<string | undefined> {
    const { lease, node, record } = this.options
    if (this.lease !== undefined) {
      const renewed = await lease.renew(this.lease)
      if (renewed.kind === 'fault') return renewed.reason
      if (renewed.kind === 'ended') this.lease = undefined
    }
    if (this.lease === undefined) {
      const granted = await lease.grant()
      if (granted.kind === 'fault') return granted.reason
      this.lease = granted.id
      this.written = ''
    }
    const text = record()
    if (text === this.written) return undefined
    const put = await lease.put(this.lease, node, text)
    if (put.kind === 'fault') return put.reason
    if (put.kind === 'taken') return `another node is called ${node}: give each a name of its own by SMARTEDGE_NODE`
    this.written = text
    return undefined
  }

  private tell(reason: string | undefined): void {
    const { source, node, emit } = this.options
    if (reason === undefined) {
      if (this.isUnlisted) emit({ kind: 'node-listed', source, node })
      this.isUnlisted = false
    } else if (this.failures > TOLD_AFTER && !this.isUnlisted) {
      this.isUnlisted = true
      emit({ kind: 'node-unlisted', source, node, reason })
    }
  }
}
