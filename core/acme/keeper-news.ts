/** What a keeper of certificates tells. */
import type { Certificate } from '../tls/certificate.ts'
import type { AcmeFault } from './fault.ts'

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
