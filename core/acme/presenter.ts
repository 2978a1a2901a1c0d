/** Shows the CA what it looks for: one presenter for each way to prove a name. */
import type { AcmeFault } from './fault.ts'

/** What proves a name (RFC 8555 8). */
export interface Proof {
  readonly name: string
  readonly token: string
  /** Token and the account's thumbprint, joined by a dot. */
  readonly keyAuthorization: string
}

export interface Presenter {
  /** ms from then until the CA may look. */
  readonly settleMs: number
  /** undefined: it is there to be seen. Never rejects. */
  present(proof: Proof): Promise<AcmeFault | undefined>
  /** It is no longer wanted, or was not even presented. Never rejects. */
  remove(proof: Proof): Promise<void>
}
