/**
 * The certificates of listeners, as a part: files are read beside what runs, and again when one shows a change, whatever the
 * config says. A pair that has gone bad leaves the one before in force.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Config, ListenerMode } from '../config/config.ts'
import { type FileText, readPem } from '../config/files.ts'
import { formatKey } from '../config/read/reading.ts'
import type { GreetingRules } from '../inbound/greeting.ts'
import { agreeOn, agreeUnread, type Http2 } from '../inbound/protocols.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE, type Part, prepareAll, together } from '../part.ts'
import { Secret } from '../secrets.ts'
import { type Certificate, CertificateError, type MaterialPart, readCertificate } from '../tls/certificate.ts'
import { type Stage, stageOf } from '../tls/expiry.ts'
import type { CertificateView } from '../report/view.ts'
import { checkAuthorities, checkRevocations } from '../tls/material-files.ts'
import { CertificateStore, type ClientsRule } from '../tls/certificate-store.ts'
import type { CertificateFiles, TlsPolicy } from '../tls/policy.ts'
import { termsOf } from '../tls/terms.ts'
import { type Draft, KeptFiles, type ReadResult, type Sought } from './kept-files.ts'

/** What a listener has for its handshakes. */
export interface TlsFront extends GreetingRules {
  readonly store: CertificateStore
}

export interface TlsHostServices {
  readonly clock: Pick<Clock, 'after' | 'wallTime'>
  readonly emit: Emit
}

/** How often it is looked which certificates are near their end. */
const LOOK_MS = 60 * 60 * 1000

interface Wanted {
  readonly name: string
  readonly tls: TlsPolicy
  readonly mode: ListenerMode
  readonly http2: Http2
}

/** What has been read for a config that is being prepared. */
interface Drafts {
  readonly pairs: Draft<Certificate>
  readonly texts: Draft<string>
}

export class TlsHost implements Part<Config> {
  private readonly services: TlsHostServices
  private readonly fronts = new Map<string, Front>()
  private readonly pairs = new KeptFiles<Certificate>()
  private readonly texts = new KeptFiles<string>()
  /** What has been told of the end of each certificate, by its fingerprint. */
  private told: ReadonlyMap<string, Stage | undefined> = new Map()
  private cancelLook: Cancel | undefined = undefined
  /** Whether certificates that have ended are refused: not at a start, which would leave those served nowhere that are good. */
  private refusesEnded: boolean

  /** `isTrial`: to find out what a config is worth. */
  constructor(services: TlsHostServices, isTrial = false) {
    this.services = services
    this.refusesEnded = isTrial
  }

  /** Of a listener that ends TLS, by its name; undefined: it does not. The same one for as long as it does. */
  front(listener: string): TlsFront | undefined {
    return this.fronts.get(listener)
  }

  /** Whether clients have to show something of themselves, or may, at any listener. */
  get asksClients(): boolean {
    return this.fronts.values().some(({ asksClients }) => asksClients)
  }

  /** Rejects with Refusal over files that nobody has had before. */
  async prepare({ listeners }: Config): Promise<Move> {
    const drafts: Drafts = { pairs: new Map(), texts: new Map() }
    const endedBefore = this.refusesEnded ? this.services.clock.wallTime() : 0
    const wanted = listeners.flatMap(({ name, tls, mode, http2 }) =>
      tls === undefined ? [] : [{ name, tls, mode, http2 }],
    )
    const steps = wanted.flatMap(({ name, tls }) => {
      const place = formatKey(['listeners', name, 'tls'])
      return [
        ...pairsOf(place, tls, endedBefore).map((pair) => () => this.pairs.look(pair, drafts.pairs)),
        ...textsOf(place, tls).map((text) => () => this.texts.look(text, drafts.texts)),
      ].map((look) => ({ key: place, prepare: async () => look() }))
    })
    const moves = await prepareAll(steps)
    // Theirs may be listeners that let clients in before this is committed.
    const fresh = wanted.filter(({ name }) => !this.fronts.has(name))
    for (const one of fresh) this.frontOf(one, drafts)
    return together([
      moves,
      {
        ...NO_MOVE,
        commit: () => this.take(wanted, drafts),
        abandon: () => fresh.forEach(({ name }) => this.fronts.delete(name)),
      },
    ])
  }

  private take(wanted: readonly Wanted[], drafts: Drafts): void {
    this.pairs.take(drafts.pairs)
    this.texts.take(drafts.texts)
    this.refusesEnded = true
    for (const name of this.fronts.keys()) if (!wanted.some((one) => one.name === name)) this.fronts.delete(name)
    for (const one of wanted) this.frontOf(one, drafts)
    this.lookAtEnds()
  }

  private frontOf({ name, tls, mode, http2 }: Wanted, { pairs, texts }: Drafts): void {
    const front = this.fronts.get(name) ?? new Front(tls)
    this.fronts.set(name, front)
    front.http2 = http2
    const read = (kind: TextKind, paths: readonly string[]): string[] =>
      paths.map((path) => texts.get(textIdOf(kind, path))?.content ?? '')
    const rules = (tls.clients ?? []).map((rule) => ({ ...rule, ca: read('ca', rule.ca), crl: read('crl', rule.crl) }))
    const certificates = tls.certificates.flatMap((files) => pairs.get(idOf(files))?.content ?? [])
    front.mode = mode
    front.take(tls, certificates, rules)
  }

  /** Of a listener that ends TLS. */
  certificatesOf(listener: string): readonly CertificateView[] | undefined {
    return this.fronts.get(listener)?.store.certificates.map(viewOf)
  }

  stop(): void {
    this.cancelLook?.()
  }

  /** Tells of each that has come nearer to its end, and looks again later. */
  private lookAtEnds(): void {
    const { clock, emit } = this.services
    this.cancelLook?.()
    this.cancelLook = undefined
    if (this.fronts.size === 0) return
    const certificates = new Map(
      [...this.fronts.values()].flatMap(({ store }) =>
        store.certificates.map((one) => [one.fingerprint, one] as const),
      ),
    )
    const now = clock.wallTime()
    const told = new Map<string, Stage | undefined>()
    for (const [fingerprint, certificate] of certificates) {
      const stage = stageOf(certificate, now)
      const name = titleOf(certificate)
      const notAfter = new Date(certificate.notAfter).toISOString()
      const isNew = !this.told.has(fingerprint)
      told.set(fingerprint, stage)
      if (stage !== undefined && this.told.get(fingerprint) !== stage)
        emit({ kind: 'certificate-ending', name, notAfter, days: stage })
      if (isNew) for (const detail of doubtsOf(certificate, now)) emit({ kind: 'certificate-doubtful', name, detail })
    }
    this.told = told
    this.cancelLook = clock.after(LOOK_MS, () => this.lookAtEnds())
  }
}

const titleOf = ({ names: [name], fingerprint }: Certificate): string => name ?? fingerprint

function doubtsOf({ isCut, issuer, notBefore }: Certificate, now: number): string[] {
  const doubts: string[] = []
  if (isCut) doubts.push(`comes without that of "${issuer}", who has signed it: clients may not trust it`)
  if (notBefore > now) doubts.push(`is valid from ${new Date(notBefore).toISOString()} only`)
  return doubts
}

const viewOf = ({ names, issuer, kind, notAfter, fingerprint }: Certificate): CertificateView => ({
  names,
  issuer,
  kind,
  notAfter,
  fingerprint,
})

class Front implements TlsFront {
  readonly store: CertificateStore
  readonly terms
  /** What is inside is read where it is HTTP. */
  mode: ListenerMode = 'http'
  /** As the listener says. */
  http2: Http2 = undefined
  private policy: TlsPolicy

  constructor(policy: TlsPolicy) {
    this.policy = policy
    this.store = new CertificateStore(policy)
    this.terms = termsOf(
      this.store,
      () => this.policy,
      (offered) => (this.mode === 'http' ? agreeOn(offered, this.http2) : agreeUnread(offered)),
    )
  }

  get timeoutMs(): number {
    return this.policy.handshakeTimeoutMs
  }

  get max(): number {
    return this.policy.maxHandshakes
  }

  get asksClients(): boolean {
    return this.policy.clients !== undefined
  }

  take(policy: TlsPolicy, certificates: readonly Certificate[], rules: readonly ClientsRule[]): void {
    this.policy = policy
    this.store.setClients(rules)
    this.store.setStrength(policy)
    this.store.set('files', certificates)
  }
}

/** Another passphrase is another pair: it may open the key, or not. */
const idOf = ({ cert, key, passphrase }: CertificateFiles): string => [cert, key, passphrase?.mark].join('\0')

const pairsOf = (place: string, { certificates }: TlsPolicy, endedBefore: number): Sought<Certificate>[] =>
  certificates.map((files, index) => {
    const key = `${place}.certificates[${index}]`
    return { key, id: idOf(files), paths: [files.cert, files.key], read: () => read(key, files, endedBefore) }
  })

/** Of authorities, and what they have revoked. */
type TextKind = 'ca' | 'crl'

/** A file may stand in both places, and is checked for each. */
const textIdOf = (kind: TextKind, path: string): string => `${kind}\0${path}`

const textsOf = (place: string, { clients = [] }: TlsPolicy): Sought<string>[] =>
  clients.flatMap((rule, index) => {
    const at = clients.length === 1 ? `${place}.clients` : `${place}.clients[${index}]`
    const seek = (kind: TextKind, check: (text: string) => string): Sought<string>[] =>
      rule[kind].map((path, number) => {
        const key = `${at}.${kind}[${number}]`
        return { key, id: textIdOf(kind, path), paths: [path], read: () => readWhole(key, path, check) }
      })
    return [...seek('ca', checkAuthorities), ...seek('crl', checkRevocations)]
  })

function readWhole(key: string, path: string, check: (text: string) => string): ReadResult<string> {
  const file = readPem(path)
  if (file.kind !== 'text') return unread(key, file)
  try {
    return { kind: 'content', content: check(file.text) }
  } catch (error) {
    return faultOf(error, () => [key, path])
  }
}

function read(
  key: string,
  { cert, key: keyFile, passphrase }: CertificateFiles,
  endedBefore: number,
): ReadResult<Certificate> {
  const chain = readPem(cert)
  if (chain.kind !== 'text') return unread(`${key}.cert`, chain)
  const privateKey = readPem(keyFile)
  if (privateKey.kind !== 'text') return unread(`${key}.key`, privateKey)
  try {
    const material = { chain: chain.text, key: new Secret(privateKey.text), passphrase }
    const certificate = readCertificate(material)
    const { notAfter } = certificate
    if (notAfter <= endedBefore)
      throw new CertificateError('chain', `must not have ended, this did on ${new Date(notAfter).toISOString()}`)
    return { kind: 'content', content: certificate }
  } catch (error) {
    return faultOf(error, (part) => (part === 'key' ? [`${key}.key`, keyFile] : [`${key}.cert`, cert]))
  }
}

/** Throws on what is no fault of the files. */
function faultOf(error: unknown, placeOf: (part: MaterialPart) => readonly [key: string, path: string]) {
  if (!(error instanceof CertificateError)) throw error
  const [key, path] = placeOf(error.part)
  return { kind: 'fault', problem: { key, message: `${error.message}: ${path}` } } as const
}

const unread = (key: string, file: Exclude<FileText, { readonly kind: 'text' }>) =>
  ({
    kind: 'fault',
    problem: { key, message: file.kind === 'missing' ? 'must name a file that exists' : file.rule },
  }) as const
