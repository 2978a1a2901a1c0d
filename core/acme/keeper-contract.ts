/** What a keeper of certificates is given, and what it tells. */
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { Certificate } from '../tls/certificate.ts'
import type { Authority } from './authority.ts'
import type { AcmeFault } from './fault.ts'
import type { AcmePolicy } from './policy.ts'
import type { Presenter } from './presenter.ts'
import type { Storage } from './storage.ts'

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
  readonly clock: Pick<Clock, 'after' | 'soon' | 'wallTime'>
  readonly random: Random
  readonly tell: (news: KeeperNews) => void
  /** Other certificates are there than before. */
  readonly onChange: () => void
  /** Whether a name that nobody configured may have one, still; absent: none may. */
  readonly agrees?: (name: string) => Promise<boolean>
}
