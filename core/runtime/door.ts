/** A listener's config, and what a client has shown -> what is done with all requests that come in by it. */
import type { ListenerConfig } from '../config/config.ts'
import {
  CLIENT_CERT_FIELDS,
  type ClientCertificate,
  clientCertChainLine,
  clientCertLine,
  xfccLine,
} from '../forward/client-certificate.ts'
import type { Door } from '../forward/door.ts'
import type { CertificateStore, ClientsRule } from '../tls/certificate-store.ts'
import type { HstsPolicy, Telling } from '../tls/policy.ts'
import { signersOf } from '../tls/signers.ts'

/** The same door for the same config. */
export class Doors {
  private known:
    { readonly config: ListenerConfig; readonly asksClients: boolean; readonly door: Door | undefined } | undefined =
    undefined

  /** `asksClients`: whether any listener does. undefined: nothing is done. */
  of(config: ListenerConfig, asksClients: boolean): Door | undefined {
    if (this.known?.config !== config || this.known.asksClients !== asksClients)
      this.known = { config, asksClients, door: doorOf(config, asksClients) }
    return this.known.door
  }
}

function doorOf({ redirect, tls }: ListenerConfig, asksClients: boolean): Door | undefined {
  const door = {
    ...(redirect && { redirect }),
    ...(tls?.hsts && { responseDrops: ['strict-transport-security'], responseLines: lineOf(tls.hsts) }),
    // Elsewhere a proxy that we trust may have looked at the client.
    ...(asksClients && { strangerDrops: CLIENT_CERT_FIELDS }),
  }
  return Object.keys(door).length === 0 ? undefined : door
}

function lineOf({ maxAgeMs, includeSubDomains, preload }: HstsPolicy): string {
  const more = `${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
  return `Strict-Transport-Security: max-age=${Math.floor(maxAgeMs / 1000)}${more}\r\n`
}

/** What a handshake has come to. */
export interface Shown {
  readonly store: Pick<CertificateStore, 'clientsRule'>
  /** What counted in it; undefined: the client need show nothing. */
  readonly rule: ClientsRule | undefined
  readonly certificate: ClientCertificate | undefined
}

/** For the requests of one connection over TLS. */
export function doorFor(door: Door | undefined, { store, rule, certificate }: Shown): Door | undefined {
  if (door?.strangerDrops === undefined) return door
  // Also when the rules change: the client is to come again, and be looked at by those.
  const isMisdirected = (host: string): boolean => store.clientsRule(host) !== rule
  if (rule === undefined) return { ...door, isMisdirected }
  const requestLines = certificate && rule.tell.map((how) => TELLINGS[how](certificate, rule)).join('')
  return { ...door, isMisdirected, requestDrops: door.strangerDrops, ...(requestLines && { requestLines }) }
}

const TELLINGS: Readonly<Record<Telling, (certificate: ClientCertificate, rule: ClientsRule) => string>> = {
  'client-cert': clientCertLine,
  'client-cert-chain'({ x509 }, rule) {
    const signers = signersOf(x509, rule)
    return signers.length === 0 ? '' : clientCertChainLine(signers)
  },
  xfcc: xfccLine,
}
