/**
 * What one listener offers in handshakes, by the name that a client asks for. Certificates come and go while it serves: with
 * the config's files, with whoever orders them. From the next handshake on those count that are there.
 */
import type { Offered, SecureContext } from '../net/tls.ts'
import { type Authorities, contextOf, type SecureMaterial, type Strength } from '../net/tls-context.ts'
import type { Certificate, KeyKind } from './certificate.ts'
import type { Telling } from './policy.ts'

/** One of each kind at most, for one name. */
type Pair = { readonly [Kind in KeyKind]?: Certificate }

const NOTHING: Pair = {}

/** What clients have to show of themselves, under some names or all others. */
export interface ClientsRule extends Authorities {
  /** Lower case, `*.example.com` for one label; undefined: all that no rule before names. */
  readonly names: readonly string[] | undefined
  readonly certificate: 'required' | 'optional'
  /** How backends are told. */
  readonly tell: readonly Telling[]
}

/** What a handshake for one name is offered. */
export interface Offer extends Offered {
  /** ECDSA first. */
  readonly certificates: readonly Certificate[]
  readonly rule: ClientsRule | undefined
}

export class CertificateStore {
  /**
   * Set by whoever proves to a CA by a handshake that a name is ours (`acme-tls/1`, RFC 8737): what is shown in such a
   * handshake. undefined for a name: it fails.
   */
  challenge: ((name: string) => SecureMaterial | undefined) | undefined = undefined
  /** Told of names that no certificate is for, in lower case, as handshakes name them; it may order one. undefined: nobody wants to know. */
  onUnknown: ((name: string) => void) | undefined = undefined
  private strength: Strength
  private clients: readonly ClientsRule[] = []
  private readonly bySource = new Map<string, readonly Certificate[]>()
  /** undefined: to be made anew. */
  private index: Index | undefined = undefined
  /** By the certificates and the rule: the same one for as long as those are, since sessions end with it. */
  private contexts = new Map<string, SecureContext>()
  /** What a handshake asks for, ready. */
  private offers = new WeakMap<Pair, Map<ClientsRule | undefined, Offer>>()

  constructor({ minVersion }: Strength) {
    this.strength = { minVersion }
  }

  /** All that is there; the first one is for who names nobody. */
  get certificates(): readonly Certificate[] {
    return [...this.bySource.values()].flat()
  }

  /**
   * All that `source` has from now on: to add one, replace one or remove one is to set the list anew, which costs what its
   * names are many. Of two for one name and kind of key the one that lasts longer counts.
   */
  set(source: string, certificates: readonly Certificate[]): void {
    this.bySource.set(source, certificates)
    this.index = undefined
  }

  /** For all handshakes to come. */
  setStrength({ minVersion }: Strength): void {
    if (minVersion === this.strength.minVersion) return
    this.strength = { minVersion }
    this.beginAnew()
  }

  /** For all handshakes to come; sessions of before are taken up no more, whose clients were looked at by other rules. */
  setClients(rules: readonly ClientsRule[]): void {
    if (Bun.deepEquals(rules, this.clients)) return
    this.clients = rules
    this.beginAnew()
  }

  /** The rule for clients that ask for `serverName` (lower case; '': for nobody); undefined: they need show nothing. The same one for as long as the rules are. */
  clientsRule(serverName: string): ClientsRule | undefined {
    return this.clients.find(({ names }) => names === undefined || names.some((name) => isMeant(name, serverName)))
  }

  /** For `serverName`, lower case: by its exact name, else by a wildcard for its first label; undefined: none is for it. */
  offer(serverName: string): Offer | undefined {
    const { exact, wildcard } = (this.index ??= this.indexed())
    const dot = serverName.indexOf('.')
    const pair = exact.get(serverName) ?? (dot > 0 ? wildcard.get(serverName.slice(dot + 1)) : undefined)
    return pair && this.offerOf(pair, this.clientsRule(serverName))
  }

  /** For who names nobody, or somebody that none is for: the first one, and what else its name has. Without any: a context in which every handshake fails. */
  get fallback(): Offer {
    return this.fallbackFor('')
  }

  /** As `fallback`, for who asks for that name, which none is for. */
  fallbackFor(serverName: string): Offer {
    const { fallback } = (this.index ??= this.indexed())
    return this.offerOf(fallback, this.clientsRule(serverName))
  }

  /** Without certificates. */
  get nothing(): Offer {
    return this.offerOf(NOTHING, undefined)
  }

  /** For a handshake by which a CA looks at `serverName`; undefined: nobody waits for one. */
  challengeFor(serverName: string): Offered | undefined {
    const material = this.challenge?.(serverName)
    return material && { context: contextOf([material], this.strength) }
  }

  private offerOf(pair: Pair, rule: ClientsRule | undefined): Offer {
    let byRule = this.offers.get(pair)
    if (byRule === undefined) this.offers.set(pair, (byRule = new Map()))
    let offer = byRule.get(rule)
    if (offer === undefined) byRule.set(rule, (offer = this.makeOffer(pair, rule)))
    return offer
  }

  private makeOffer({ ecdsa, rsa }: Pair, rule: ClientsRule | undefined): Offer {
    const certificates = [ecdsa, rsa].filter((certificate) => certificate !== undefined)
    const place = rule === undefined ? -1 : this.clients.indexOf(rule)
    const id = [...certificates.map(({ fingerprint }) => fingerprint), place].join(' ')
    let context = this.contexts.get(id)
    if (context === undefined) this.contexts.set(id, (context = contextOf(certificates, this.strength, rule)))
    return { certificates, context, clients: rule?.certificate, rule }
  }

  private beginAnew(): void {
    this.contexts = new Map()
    this.offers = new WeakMap()
  }

  private indexed(): Index {
    const { certificates } = this
    const [first] = certificates
    const names = { exact: new Map<string, Pair>(), wildcard: new Map<string, Pair>() }
    for (const certificate of certificates)
      for (const name of certificate.names) {
        const isWildcard = name.startsWith('*.')
        const map = isWildcard ? names.wildcard : names.exact
        const key = isWildcard ? name.slice(2) : name
        const pair = map.get(key)
        const other = pair?.[certificate.kind]
        if (other === undefined || other.notAfter < certificate.notAfter)
          map.set(key, { ...pair, [certificate.kind]: certificate })
      }
    const [firstName = ''] = first?.names ?? []
    const known = names.exact.get(firstName) ?? names.wildcard.get(firstName.slice(2))
    const index: Index = { ...names, fallback: known ?? (first ? { [first.kind]: first } : NOTHING) }
    this.forgetContexts()
    return index
  }

  /** Those of certificates that are there no more. */
  private forgetContexts(): void {
    const there = new Set(this.certificates.map(({ fingerprint }) => fingerprint))
    const isUsed = (id: string): boolean =>
      id
        .split(' ')
        .slice(0, -1)
        .every((fingerprint) => there.has(fingerprint))
    this.contexts = new Map([...this.contexts].filter(([id]) => isUsed(id)))
  }
}

/** Whether `name`, perhaps a wildcard for one label, is for `serverName`. */
const isMeant = (name: string, serverName: string): boolean =>
  name.startsWith('*.')
    ? serverName.indexOf('.') > 0 && serverName.slice(serverName.indexOf('.')) === name.slice(1)
    : name === serverName

interface Index {
  readonly exact: Map<string, Pair>
  /** By what follows `*.`. */
  readonly wildcard: Map<string, Pair>
  /** Of the first certificate, with what else its name has. */
  readonly fallback: Pair
}
