/**
 * The certificates of listeners, as a part: files are read beside what runs, and again when one shows a change, whatever the
 * config says. A pair that has gone bad leaves the one before in force.
 */
import type { Config } from '../config/config.ts'
import { type FileText, readRegularFile, readText } from '../config/files.ts'
import { formatKey } from '../config/read/reading.ts'
import { stampOf } from '../file-stamp.ts'
import type { GreetingRules } from '../inbound/greeting.ts'
import { agreeOn } from '../inbound/protocols.ts'
import { type ApplyProblem, type Move, NO_MOVE, type Part, prepareAll, Refusal, together } from '../part.ts'
import { Secret } from '../secrets.ts'
import { type Certificate, CertificateError, readCertificate } from '../tls/certificate.ts'
import { CertificateStore } from '../tls/certificate-store.ts'
import type { CertificateFiles, TlsPolicy } from '../tls/policy.ts'
import { termsOf } from '../tls/terms.ts'

/** What a listener has for its handshakes. */
export interface TlsFront extends GreetingRules {
  readonly store: CertificateStore
}

export class TlsHost implements Part<Config> {
  private readonly fronts = new Map<string, Front>()
  private files: ReadonlyMap<string, Held> = new Map()

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
    for (const name of this.fronts.keys()) if (!wanted.some((one) => one.name === name)) this.fronts.delete(name)
    for (const { name, tls } of wanted) {
      const front = this.fronts.get(name) ?? new Front(tls)
      this.fronts.set(name, front)
      front.take(
        tls,
        tls.certificates.flatMap((files) => next.get(idOf(files))?.certificate ?? []),
      )
    }
  }

  private look(key: string, files: CertificateFiles, next: Map<string, Held>): Move {
    const id = idOf(files)
    const held = next.get(id) ?? this.files.get(id)
    const stamp = `${stampOf(files.cert).text} ${stampOf(files.key).text}`
    if (held !== undefined && (held.bad?.stamp ?? held.stamp) === stamp) {
      next.set(id, held)
      return held.bad === undefined ? NO_MOVE : keeping(held.bad.problem)
    }
    const result = read(key, files)
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

function read(key: string, { cert, key: keyFile, passphrase }: CertificateFiles): ReadResult {
  const chain = readText(cert, readRegularFile)
  if (chain.kind !== 'text') return unread(`${key}.cert`, chain)
  const privateKey = readText(keyFile, readRegularFile)
  if (privateKey.kind !== 'text') return unread(`${key}.key`, privateKey)
  try {
    const material = { chain: chain.text, key: new Secret(privateKey.text), passphrase }
    return { kind: 'certificate', certificate: readCertificate(material) }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    const isKey = error.part === 'key'
    const [place, path] = isKey ? [`${key}.key`, keyFile] : [`${key}.cert`, cert]
    return { kind: 'fault', problem: { key: place, message: `${path} ${error.message}` } }
  }
}

const unread = (key: string, file: Exclude<FileText, { readonly kind: 'text' }>): ReadResult => ({
  kind: 'fault',
  problem: { key, message: file.kind === 'missing' ? 'must name a file that exists' : file.rule },
})
