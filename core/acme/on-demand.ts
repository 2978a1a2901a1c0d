/**
 * Names that nobody configured: whoever names one in a handshake has it asked about at a URL, and only what that agrees to is
 * ordered. Anybody can name anything, so that questions are few at once, and refusals are remembered for a while.
 */
import type { Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import { isCertificateName, isWildcard } from './names.ts'

export interface OnDemandOptions {
  /** Asked with `?domain=NAME`; 2xx is yes. */
  readonly url: string
  readonly ask: Ask
  readonly clock: Pick<Clock, 'now'>
  /** Whether it is kept already. */
  readonly has: (name: string) => boolean
  /** A name that is agreed to, and was asked about in a handshake. Resolves when it is kept; never rejects. */
  readonly onAllowed: (name: string) => Promise<void>
}

const TIMEOUT_MS = 5000
const MAX_BODY_BYTES = 64 * 1024
/** Questions under way; who comes then is asked about when they come again. */
const MAX_ASKED = 10
const REFUSED_MS = 10 * 60_000
/** Beyond it those that were refused first are asked about again. */
const MAX_REFUSED = 10_000

export class OnDemand {
  private readonly options: OnDemandOptions
  private readonly asked = new Set<string>()
  /** Until when, in the order in which they were refused. */
  private readonly refused = new Map<string, number>()

  constructor(options: OnDemandOptions) {
    this.options = options
  }

  /** A handshake has named it, lower case, and nothing is there for it. */
  want(name: string): void {
    const { clock, has, onAllowed } = this.options
    if (!isCertificateName(name) || isWildcard(name) || has(name)) return
    if (this.asked.has(name) || this.asked.size >= MAX_ASKED) return
    if ((this.refused.get(name) ?? -Infinity) > clock.now()) return
    this.asked.add(name)
    void this.agrees(name)
      .then((isAllowed) => (isAllowed ? onAllowed(name) : this.refuse(name)))
      .finally(() => this.asked.delete(name))
  }

  /** Whether a certificate may be had for it, now. Never rejects: an answer that cannot be had is no. */
  agrees(name: string): Promise<boolean> {
    const { ask, url } = this.options
    const question = new URL(url)
    question.searchParams.set('domain', name)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const fields = [['accept-encoding', 'identity']] as const
    ask({ url: question.href, fields, timeoutMs: TIMEOUT_MS, maxBodyBytes: MAX_BODY_BYTES }, (answer) =>
      resolve(answer.kind === 'answered' && answer.status >= 200 && answer.status < 300),
    )
    return promise
  }

  private refuse(name: string): void {
    const [oldest] = this.refused.keys()
    if (this.refused.size >= MAX_REFUSED && oldest !== undefined) this.refused.delete(oldest)
    this.refused.delete(name)
    this.refused.set(name, this.options.clock.now() + REFUSED_MS)
  }
}
