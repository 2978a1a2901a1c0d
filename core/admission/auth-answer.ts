/** What an auth service has answered -> what becomes of the request: let through with what was said of it, or refused so. */
import { byteLine } from '../forward/field-line.ts'
import type { Answer } from '../net/ask.ts'
import { soundsSecret } from '../secrets.ts'
import { dropsOf, type Pass } from './pass.ts'
import type { Verdict } from './admission.ts'

export type Judged =
  /** `user`: who was let in, by the first of `responseFields` that says something and is no credential; absent: none is. */
  | { readonly kind: 'decided'; readonly verdict: Verdict; readonly user?: string }
  /** It has not decided; why, in words. */
  | { readonly kind: 'undecided'; readonly detail: string }

type Answered = Answer & { readonly kind: 'answered' }

/** What a refusal tells the client beside status, cookies and page: where to sign in, how, or when. */
const REFUSAL_FIELDS = ['location', 'www-authenticate', 'retry-after']
/** Of all lines together that are passed on: more than a head usually has room for. */
const MAX_LINES_BYTES = 32 * 1024

/** A gateway on the way says these, in the name of a service that it does not reach. */
const isOfGateway = (status: number): boolean => status >= 502 && status <= 504

/** `responseFields`: lower-case names of what the backend is told of the answer. */
export function judge(answer: Answer, responseFields: readonly string[]): Judged {
  if (answer.kind === 'failed') return { kind: 'undecided', detail: answer.detail }
  const { status } = answer
  if (status < 200 || status > 599 || isOfGateway(status)) return { kind: 'undecided', detail: `it answered ${status}` }
  return status < 300 ? letThrough(answer, responseFields) : refused(answer)
}

function letThrough({ fields }: Answered, responseFields: readonly string[]): Judged {
  const requestLines = linesOf(fields, responseFields)
  const responseLines = cookieLines(fields)
  if (requestLines === undefined || responseLines === undefined) return invalid
  const pass: Pass = {
    ...(responseFields.length > 0 && { requestDrops: dropsOf(responseFields), requestLines }),
    ...(responseLines !== '' && { responseLines }),
  }
  const user = userIn(fields, responseFields)
  return { kind: 'decided', verdict: { kind: 'admitted', pass }, ...(user !== undefined && { user }) }
}

/** Never a credential: whoever it is stands in the access log. */
function userIn(fields: Headers, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = isCredential(name) ? null : fields.get(name)
    if (value !== null && value !== '') return value
  }
  return undefined
}

const isCredential = (name: string): boolean => /^(?:proxy-)?authorization$|^cookie$/.test(name) || soundsSecret(name)

function refused({ status, fields, body }: Answered): Judged {
  // Of a page that is too long nothing is told: one of ours stands in its place.
  const lines = linesOf(fields, body === undefined ? REFUSAL_FIELDS : [...REFUSAL_FIELDS, 'content-encoding'])
  const cookies = cookieLines(fields)
  const type = fields.get('content-type') ?? undefined
  if (lines === undefined || cookies === undefined || byteLine('', type ?? '') === undefined) return invalid
  const content = body && { type: body.length === 0 ? undefined : type, text: body.toString('latin1') }
  const problem = { status, detail: 'the auth service refuses this request', lines: lines + cookies }
  return {
    kind: 'decided',
    verdict: { kind: 'refused', reason: 'forward-auth', problem: { ...problem, ...(content && { content }) } },
  }
}

const invalid: Judged = { kind: 'undecided', detail: 'it answered with fields that cannot be passed on' }

/** undefined: something in them can stand in no head, or they are too many. */
const linesOf = (fields: Headers, names: readonly string[]): string | undefined =>
  joined(
    names.flatMap((name) => {
      const value = fields.get(name)
      return value === null ? [] : [byteLine(name, value)]
    }),
  )

const cookieLines = (fields: Headers): string | undefined =>
  joined(fields.getSetCookie().map((value) => byteLine('Set-Cookie', value)))

function joined(lines: readonly (string | undefined)[]): string | undefined {
  if (lines.includes(undefined)) return undefined
  const text = lines.join('')
  return text.length > MAX_LINES_BYTES ? undefined : text
}
