/** Whom we trust, and what we show of ourselves -> what our own handshakes are made of. */
import { createSecureContext } from 'node:tls'
import type { SecureMaterial } from './tls-context.ts'
import type { SecureContext } from './tls.ts'

export interface ClientMaterial {
  /** Certificates in PEM of whoever may vouch for others; undefined: whom Bun trusts. */
  readonly authorities?: readonly string[] | undefined
  /** Shown to who asks for it; undefined: nothing is. */
  readonly shown?: SecureMaterial | undefined
}

/** Throws where BoringSSL refuses it. */
export const clientContext = ({ authorities, shown }: ClientMaterial): SecureContext =>
  createSecureContext({
    ...(authorities && { ca: [...authorities] }),
    ...(shown && { cert: shown.chain, key: shown.key.reveal() }),
  }).context
