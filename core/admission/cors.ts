/**
 * CORS (Fetch standard, 3.2): what browsers ask beforehand is answered here, and each response says whose scripts may read
 * it. The backend is not asked, and what it says about it itself is dropped: two answers to one question are a fault.
 */
import type { FieldSection } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Admission, Verdict } from './admission.ts'
import type { Pass } from './pass.ts'
import type { CorsPolicy } from './policy.ts'

const ORIGIN = Buffer.from('origin')
const ASKED_METHOD = Buffer.from('access-control-request-method')
const ASKED_FIELDS = Buffer.from('access-control-request-headers')

/** What backends say about it. */
const RESPONSE_DROPS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
]

/** Serialised (RFC 6454 6.2), and no longer than a host may be, with some room. */
const MAX_ORIGIN = 300

const FORBIDDEN: Verdict = {
  kind: 'refused',
  problem: { status: 403, detail: 'this origin may not use this resource', lines: 'Vary: Origin\r\n' },
  reason: 'cors',
}

export function cors(policy: CorsPolicy): Admission {
  const isAllowed = matcherOf(policy.origins)
  const answers = new Answers(policy)
  return {
    admit(_asked, head) {
      const origin = valueOf(head.fields, ORIGIN)
      if (origin !== undefined && isPreflight(head)) {
        if (!isAllowed(origin)) return FORBIDDEN
        return answers.preflight(origin, valueOf(head.fields, ASKED_FIELDS))
      }
      return { kind: 'admitted', pass: answers.pass(origin !== undefined && isAllowed(origin) ? origin : undefined) }
    },
  }
}

/** OPTIONS without Access-Control-Request-Method is somebody else's question. */
const isPreflight = (head: RequestHead): boolean =>
  head.method === 'OPTIONS' && head.fields.lineNamed(ASKED_METHOD, 0) >= 0

function valueOf(fields: FieldSection, name: Buffer): string | undefined {
  const line = fields.lineNamed(name, 0)
  return line < 0 ? undefined : fields.value(line)
}

/** Whether an origin, as a browser sends it, is among them. */
function matcherOf(origins: readonly string[]): (origin: string) => boolean {
  if (origins.includes('*')) return () => true
  const exact = new Set(origins)
  const below = origins.flatMap((origin) => {
    const [scheme, host] = origin.split('://*')
    return scheme === undefined || host === undefined ? [] : [{ scheme: `${scheme}://`, host }]
  })
  return (origin) =>
    exact.has(origin) ||
    (below.length > 0 && origin.length <= MAX_ORIGIN && below.some(({ scheme, host }) => isBelow(origin, scheme, host)))
}

/** `host` begins with its dot, and ends with the port where there is one. */
function isBelow(origin: string, scheme: string, host: string): boolean {
  if (!origin.startsWith(scheme) || !origin.endsWith(host)) return false
  const label = origin.slice(scheme.length, -host.length)
  return /^[a-z\d_-]+(\.[a-z\d_-]+)*$/.test(label)
}

class Answers {
  private readonly policy: CorsPolicy
  private readonly isForAll: boolean
  private readonly exposed: string
  /** For who may not read it, or did not ask. */
  private readonly silent: Pass

  constructor(policy: CorsPolicy) {
    this.policy = policy
    this.isForAll = policy.origins.includes('*')
    this.exposed = policy.expose.length === 0 ? '' : `Access-Control-Expose-Headers: ${policy.expose.join(', ')}\r\n`
    // What is the same for every origin is told to everybody, and caches may keep it.
    this.silent = this.isForAll
      ? this.passFor('*')
      : { responseDrops: RESPONSE_DROPS, responseLines: 'Vary: Origin\r\n' }
  }

  /** `origin`: one that is allowed. */
  pass(origin: string | undefined): Pass {
    return origin === undefined || this.isForAll ? this.silent : this.passFor(origin)
  }

  preflight(origin: string, askedFields: string | undefined): Verdict {
    const { methods, fields, maxAgeMs } = this.policy
    const allowedFields = fields.includes('*') ? listed(askedFields) : fields.join(', ')
    const lines = [
      this.originLines(this.isForAll ? '*' : origin),
      `Access-Control-Allow-Methods: ${methods.join(', ')}\r\n`,
      allowedFields === '' ? '' : `Access-Control-Allow-Headers: ${allowedFields}\r\n`,
      `Access-Control-Max-Age: ${Math.floor(maxAgeMs / 1000)}\r\n`,
      // Also in what the origin does not change: a cache could take one for the other.
      'Vary: Access-Control-Request-Method, Access-Control-Request-Headers\r\n',
    ]
    const problem = {
      status: 204,
      detail: 'a preflight',
      content: { type: undefined, text: '' },
      lines: lines.join(''),
    }
    return { kind: 'refused', problem }
  }

  private passFor(origin: string): Pass {
    return { responseDrops: RESPONSE_DROPS, responseLines: this.originLines(origin) + this.exposed }
  }

  private originLines(origin: string): string {
    const vary = this.isForAll ? '' : 'Vary: Origin\r\n'
    const credentials = this.policy.credentials ? 'Access-Control-Allow-Credentials: true\r\n' : ''
    return `Access-Control-Allow-Origin: ${origin}\r\n${credentials}${vary}`
  }
}

/** The names that were asked for, of those that are names; the client is told its own bytes otherwise. */
const listed = (asked = ''): string =>
  asked
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+.^_`|~\dA-Za-z-]{1,128}$/.test(name))
    .slice(0, 64)
    .join(', ')
