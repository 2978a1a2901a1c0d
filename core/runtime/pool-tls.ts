/**
 * TLS to the backends of a pool: certificates and keys are read when a file shows a change, whatever the config says. What
 * has gone bad leaves in force what was before; a connection that is open goes on with what it began with, and serves nobody
 * else once that is another.
 */
import { X509Certificate } from 'node:crypto'
import { readPem } from '../config/files.ts'
import { formatKey } from '../config/read/reading.ts'
import { stampOf } from '../file-stamp.ts'
import { clientContext } from '../net/client-context.ts'
import type { Opening } from '../net/opening.ts'
import type { SecureContext } from '../net/tls.ts'
import type { BackendTlsPolicy } from '../outbound/policy.ts'
import { type ApplyProblem, type Move, NO_MOVE, Refusal } from '../part.ts'
import { Secret } from '../secrets.ts'
import { type Certificate, CertificateError, readCertificate } from '../tls/certificate.ts'

/** What has been read, and of which files at which time. */
interface Held {
  readonly policy: BackendTlsPolicy | undefined
  readonly stamps: string
  readonly opening: Opening
}

export class PoolTls {
  private readonly pool: string
  private held: Held | undefined = undefined
  /** It has become something that cannot be used, and is not read again as long as it stays that. */
  private bad: { readonly stamps: string; readonly problem: ApplyProblem } | undefined = undefined

  constructor(pool: string) {
    this.pool = pool
  }

  /** What connections to such a member begin with; undefined: with nothing. One that nobody has told of speaks TLS where the pool has `tls`. */
  openingFor(scheme: 'http' | 'https' | undefined): Opening | undefined {
    const { held } = this
    if (held === undefined) throw new Error(`nothing has been made ready for TLS to ${this.pool}`)
    return scheme === 'https' || (scheme === undefined && held.policy !== undefined) ? held.opening : undefined
  }

  /** Throws with Refusal over another policy, or a first one, whose files cannot be used. */
  prepare(policy: BackendTlsPolicy | undefined): Move {
    const { held, bad } = this
    const isSame = held !== undefined && Bun.deepEquals(policy, held.policy)
    const stamps = stampsOf(policy)
    if (isSame && held.stamps === stamps) return { ...NO_MOVE, commit: () => void (this.bad = undefined) }
    if (isSame && bad?.stamps === stamps) return { ...NO_MOVE, kept: [bad.problem] }
    try {
      const next = { policy, stamps, opening: openingOf(policy) }
      const news = isSame && { isNews: true, news: [`${this.keyOf()} read anew`] }
      const commit = (): void => {
        this.held = next
        this.bad = undefined
      }
      return { ...NO_MOVE, ...news, commit }
    } catch (error) {
      if (!(error instanceof MaterialFault)) throw error
      const problem = { key: this.keyOf(error.file), message: error.message }
      if (!isSame) throw new Refusal([problem])
      this.bad = { stamps, problem }
      return { ...NO_MOVE, kept: [problem] }
    }
  }

  private keyOf(...file: readonly string[]): string {
    return formatKey(['pools', this.pool, 'tls', ...file])
  }
}

/** Names the key of the config whose file is at fault. Nothing of what the file holds is told. */
class MaterialFault extends Error {
  readonly file: string

  constructor(file: string, message: string) {
    super(message)
    this.file = file
  }
}

function openingOf(policy: BackendTlsPolicy | undefined): Opening {
  const { serverName, verifies = true } = policy ?? {}
  return { tls: { context: policy === undefined ? plainContext() : contextOf(policy), serverName, verifies } }
}

let known: SecureContext | undefined

/** Whom Bun trusts, and nothing of ours: the same for all. */
const plainContext = (): SecureContext => (known ??= clientContext({}))

const contextOf = ({ ca, shown }: BackendTlsPolicy): SecureContext =>
  clientContext({
    authorities: ca?.flatMap((path) => certificatesIn(path)),
    shown: shown && ownCertificate(shown),
  })

function ownCertificate({ cert, key }: { readonly cert: string; readonly key: string }): Certificate {
  const material = { chain: read(cert, 'cert'), key: new Secret(read(key, 'key')) }
  try {
    return readCertificate(material)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    const [file, path] = error.part === 'key' ? ['key', key] : ['cert', cert]
    throw new MaterialFault(file, `${error.message}: ${path}`)
  }
}

/** At least one. */
function certificatesIn(path: string): readonly string[] {
  const found = read(path, 'ca').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) throw new MaterialFault('ca', `must hold certificates in PEM, and holds none: ${path}`)
  found.forEach((text, index) => {
    try {
      void new X509Certificate(text)
    } catch {
      throw new MaterialFault('ca', `must hold certificates in PEM: number ${index + 1} can't be read: ${path}`)
    }
  })
  return found
}

function read(path: string, file: string): string {
  const found = readPem(path)
  if (found.kind === 'text') return found.text
  const rule = found.kind === 'missing' ? 'must name a file that exists' : found.rule
  throw new MaterialFault(file, `${rule}: ${path}`)
}

const stampsOf = (policy: BackendTlsPolicy | undefined): string =>
  [...(policy?.ca ?? []), ...(policy?.shown ? [policy.shown.cert, policy.shown.key] : [])]
    .map((path) => stampOf(path).text)
    .join(', ')
