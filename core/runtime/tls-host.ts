/**
 * The certificates of listeners, as a part: files are read beside what runs, and again when one shows a change, whatever the
 * config says. A pair that has gone bad leaves the one before in force.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { type FileText, readRegularFile, readText } from '../config/files.ts'
import { formatKey } from '../config/read/reading.ts'
import { stampOf } from '../file-stamp.ts'
import type { GreetingRules } from '../inbound/greeting.ts'
import { agreeOn } from '../inbound/protocols.ts'
import type { Emit } from '../observe/events.ts'
import { type ApplyProblem, type Move, NO_MOVE, type Part, prepareAll, Refusal, together } from '../part.ts'
import { Secret } from '../secrets.ts'
import { type Certificate, CertificateError, readCertificate } from '../tls/certificate.ts'
import { type Stage, stageOf } from '../tls/expiry.ts'
import type { CertificateView } from '../report/view.ts'
import { CertificateStore } from '../tls/certificate-store.ts'
import type { CertificateFiles, TlsPolicy } from '../tls/policy.ts'
import { termsOf } from '../tls/terms.ts'

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

export class TlsHost implements Part<Config> {
  private readonly services: TlsHostServices
  private readonly fronts = new Map<string, Front>()
  private files: ReadonlyMap<string, Held> = new Map()
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

  /** Rejects with Refusal over certificates that nobody has had before. */
  async prepare({ listeners }: Config): Promise<Move> {
    const next = new Map<string, Held>()
    const wanted = listeners.flatMap(({ name, tls }) => (tls === undefined ? [] : [{ name, tls }]))
    const steps = wanted.flatMap(({ name, tls }) =>
      tls.certificates.map((files, index) => {
        const key = formatKey(['listeners', name, 'tls', 'certificates', index])
        return { key, prepare: async () => this.look(key, files, next) }
      }),
    )
    const moves = await prepareAll(steps)
    return together([moves, { ...NO_MOVE, commit: () => this.take(wanted, next) }])
  }

  private take(wanted: readonly { readonly name: string; readonly tls: TlsPolicy }[], next: Map<string, Held>): void {
    this.files = next
    this.refusesEnded = true
    for (const name of this.fronts.keys()) if (!wanted.some((one) => one.name === name)) this.fronts.delete(name)
    for (const { name, tls } of wanted) {
      const front = this.fronts.get(name) ?? new Front(tls)
      this.fronts.set(name, front)
      front.take(
        tls,
        tls.certificates.flatMap((files) => next.get(idOf(files))?.certificate ?? []),
      )
    }
    this.lookAtEnds()
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

  private look(key: string, files: CertificateFiles, next: Map<string, Held>): Move {
    const id = idOf(files)
    const held = next.get(id) ?? this.files.get(id)
    const stamp = `${stampOf(files.cert).text} ${stampOf(files.key).text}`
    if (held !== undefined && (held.bad?.stamp ?? held.stamp) === stamp) {
      next.set(id, held)
      return held.bad === undefined ? NO_MOVE : keeping(held.bad.problem)
    }
    const result = read(key, files, this.refusesEnded ? this.services.clock.wallTime() : 0)
    if (result.kind === 'certificate') {
      next.set(id, { stamp, certificate: result.certificate })
      return held === undefined ? NO_MOVE : { ...NO_MOVE, isNews: true, news: [`${key} read anew`] }
    }
    if (held === undefined) throw new Refusal([result.problem])
    const bad = { ...held, bad: { stamp, problem: result.problem } }
    next.set(id, bad)
    // Also when nothing else is news: what is known of it must not be found out again.
    this.files = new Map([...this.files, [id, bad]])
    return keeping(result.problem)
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
  private policy: TlsPolicy

  constructor(policy: TlsPolicy) {
    this.policy = policy
    this.store = new CertificateStore(policy)
    this.terms = termsOf(this.store, () => this.policy, agreeOn)
  }

  get timeoutMs(): number {
    return this.policy.handshakeTimeoutMs
  }

  get max(): number {
    return this.policy.maxHandshakes
  }

  take(policy: TlsPolicy, certificates: readonly Certificate[]): void {
    this.policy = policy
    this.store.setStrength(policy)
    this.store.set('files', certificates)
  }
}

/** A pair of files as it was when it was last good. */
interface Held {
  /** Of before they were read. */
  readonly stamp: string
  readonly certificate: Certificate
  /** They have become something that cannot be used, and are not read again as long as they stay that. */
  readonly bad?: { readonly stamp: string; readonly problem: ApplyProblem }
}

/** Another passphrase is another pair: it may open the key, or not. */
const idOf = ({ cert, key, passphrase }: CertificateFiles): string => [cert, key, passphrase?.mark].join('\0')

const keeping = (problem: ApplyProblem): Move => ({ ...NO_MOVE, kept: [problem] })

type ReadResult =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'fault'; readonly problem: ApplyProblem }

function read(key: string, { cert, key: keyFile, passphrase }: CertificateFiles, endedBefore: number): ReadResult {
  const chain = readText(cert, readRegularFile)
  if (chain.kind !== 'text') return unread(`${key}.cert`, chain)
  const privateKey = readText(keyFile, readRegularFile)
  if (privateKey.kind !== 'text') return unread(`${key}.key`, privateKey)
  try {
    const material = { chain: chain.text, key: new Secret(privateKey.text), passphrase }
    const certificate = readCertificate(material)
    if (certificate.notAfter <= endedBefore)
      throw new CertificateError(
        'chain',
        `must not have ended, this did on ${new Date(certificate.notAfter).toISOString()}`,
      )
    return { kind: 'certificate', certificate }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    const isKey = error.part === 'key'
    const [place, path] = isKey ? [`${key}.key`, keyFile] : [`${key}.cert`, cert]
    return { kind: 'fault', problem: { key: place, message: `${error.message}: ${path}` } }
  }
}

const unread = (key: string, file: Exclude<FileText, { readonly kind: 'text' }>): ReadResult => ({
  kind: 'fault',
  problem: { key, message: file.kind === 'missing' ? 'must name a file that exists' : file.rule },
})
