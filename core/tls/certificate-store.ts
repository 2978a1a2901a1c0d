/**
 * What one listener offers in handshakes, by the name that a client asks for. Certificates come and go while it serves: with
 * the config's files, with whoever orders them. From the next handshake on those count that are there.
 */
import type { SecureContext } from '../net/tls.ts'
import { contextOf, type SecureMaterial, type Strength } from '../net/tls-context.ts'
import type { Certificate, KeyKind } from './certificate.ts'

/** One of each kind at most, for one name. */
type Pair = { readonly [Kind in KeyKind]?: Certificate }

/** What a handshake for one name is offered. */
export interface Offer {
  /** ECDSA first. */
  readonly certificates: readonly Certificate[]
  readonly context: SecureContext
}

export class CertificateStore {
  /**
   * Set by whoever proves to a CA by a handshake that a name is ours (`acme-tls/1`, RFC 8737): what is shown in such a
   * handshake. undefined for a name: it fails.
   */
  challenge: ((name: string) => SecureMaterial | undefined) | undefined = undefined
  private strength: Strength
  private readonly bySource = new Map<string, readonly Certificate[]>()
  /** undefined: to be made anew. */
  private index: Index | undefined = undefined
  private contexts = new Map<string, SecureContext>()

  constructor(strength: Strength) {
    this.strength = strength
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
  setStrength(strength: Strength): void {
    if (Bun.deepEquals(strength, this.strength)) return
    this.strength = strength
    this.contexts = new Map()
  }

  /** For `serverName`, lower case: by its exact name, else by a wildcard for its first label; undefined: none is for it. */
  offer(serverName: string): Offer | undefined {
    const { exact, wildcard } = (this.index ??= this.indexed())
    const dot = serverName.indexOf('.')
    const pair = exact.get(serverName) ?? (dot > 0 ? wildcard.get(serverName.slice(dot + 1)) : undefined)
    return pair && this.offerOf(pair)
  }

  /** For who names nobody, or somebody that none is for: the first one, and what else its name has. Without any: a context in which every handshake fails. */
  get fallback(): Offer {
    const [first] = this.certificates
    const [name] = first?.names ?? []
    return (name === undefined ? undefined : this.offer(name)) ?? this.offerOf(first ? { [first.kind]: first } : {})
  }

  /** Without certificates. */
  get nothing(): Offer {
    return this.offerOf({})
  }

  /** For a handshake by which a CA looks at `serverName`; undefined: nobody waits for one. */
  challengeFor(serverName: string): SecureContext | undefined {
    const material = this.challenge?.(serverName)
    return material && contextOf([material], this.strength)
  }

  private offerOf({ ecdsa, rsa }: Pair): Offer {
    const certificates = [ecdsa, rsa].filter((certificate) => certificate !== undefined)
    const id = certificates.map(({ fingerprint }) => fingerprint).join(' ')
    let context = this.contexts.get(id)
    if (context === undefined) this.contexts.set(id, (context = contextOf(certificates, this.strength)))
    return { certificates, context }
  }

  private indexed(): Index {
    const index: Index = { exact: new Map(), wildcard: new Map() }
    for (const certificate of this.certificates) {
      for (const name of certificate.names) {
        const isWildcard = name.startsWith('*.')
        const map = isWildcard ? index.wildcard : index.exact
        const key = isWildcard ? name.slice(2) : name
        const pair = map.get(key)
        const other = pair?.[certificate.kind]
        if (other === undefined || other.notAfter < certificate.notAfter)
          map.set(key, { ...pair, [certificate.kind]: certificate })
      }
    }
    this.forgetContexts()
    return index
  }

  /** Those of certificates that are there no more. */
  private forgetContexts(): void {
    const there = new Set(this.certificates.map(({ fingerprint }) => fingerprint))
    const isUsed = (id: string): boolean => id === '' || id.split(' ').every((fingerprint) => there.has(fingerprint))
    this.contexts = new Map([...this.contexts].filter(([id]) => isUsed(id)))
  }
}

interface Index {
  readonly exact: Map<string, Pair>
  /** By what follows `*.`. */
  readonly wildcard: Map<string, Pair>
}
