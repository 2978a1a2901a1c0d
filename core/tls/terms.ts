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
  get context() {
    return (policy().strict ? store.nothing : store.fallback).context
  },
  contextFor(serverName, hello) {
    if (store.challenge !== undefined && offersProtocol(hello(), CHALLENGE_PROTOCOL))
      return store.challengeFor(serverName)
    return (store.offer(serverName) ?? (policy().strict ? undefined : store.fallback))?.context
  },
  protocolFor(offered) {
    const isChallenge = store.challenge !== undefined && offered.includes(CHALLENGE_PROTOCOL)
    return isChallenge ? CHALLENGE_PROTOCOL : agreeOn(offered)
  },
})
