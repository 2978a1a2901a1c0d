/** What a listener says in handshakes, of its certificates and its policy. */
import type { HandshakeTerms } from '../net/tls.ts'
import type { CertificateStore } from './certificate-store.ts'
import { offersProtocol } from './client-hello.ts'
import type { TlsPolicy } from './policy.ts'

/** By which a CA looks whether a name is ours (RFC 8737). */
export const CHALLENGE_PROTOCOL = 'acme-tls/1'

/** Of what a client offers, what is to be spoken; undefined: none of it. */
export type AgreeOn = (offered: readonly string[]) => string | undefined

export const termsOf = (
  store: CertificateStore,
  policy: () => Pick<TlsPolicy, 'strict'>,
  agreeOn: AgreeOn,
): HandshakeTerms => ({
  get fallback() {
    return policy().strict ? store.nothing : store.fallback
  },
  get readsHello() {
    return store.challenge !== undefined
  },
  offerFor(serverName, hello) {
    if (store.challenge !== undefined && offersProtocol(hello, CHALLENGE_PROTOCOL))
      return store.challengeFor(serverName)
    const offer = store.offer(serverName)
    if (offer === undefined) store.onUnknown?.(serverName)
    return offer ?? (policy().strict ? undefined : store.fallbackFor(serverName))
  },
  protocolFor(offered) {
    const isChallenge = store.challenge !== undefined && offered.includes(CHALLENGE_PROTOCOL)
    return isChallenge ? CHALLENGE_PROTOCOL : agreeOn(offered)
  },
})
