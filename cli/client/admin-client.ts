/**
 * Asks a running SmartEdge's admin API, over TCP or a Unix socket. On `node:http`, as Bun's and Deno's `fetch` reach
 * Unix sockets in different ways or not at all.
 */
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import metadata from '../../package.json' with { type: 'json' }
import type { AdminTarget } from './admin-target.ts'
import { findOwnToken } from './own-token.ts'

/** Nobody is there, or whoever has taken the connection says nothing; `reason` in words. */
export interface Failure {
  readonly kind: 'unreachable' | 'silent'
  readonly reason: string
  /** The connection was there, and a change was asked for: it may have been made, or be made yet. */
  readonly mayBeDone?: true
}

/** Somebody has taken the connection, and does not answer. */
class SilenceError extends Error {
  override readonly name = 'SilenceError'
}

export type AdminAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | Failure
  /** Answered, but not with what was asked for: token, Host, or no SmartEdge at all. */
  | {
      readonly kind: 'refused'
      readonly reason: string
      /** undefined: it was no JSON. */
      readonly body?: unknown
    }

const readPatienceMs = 5000
/** A change waits for the database of clients, up to 10 s where that is slow; who gives up before never learns of a new key. */
const changePatienceMs = 20_000
/** A status of 10,000 backends has 8 MB. */
const maxAnswerBytes = 64 * 1024 * 1024

/** What to ask; without it: GET. */
export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON; undefined: nothing. */
  readonly body?: unknown
  /** Sent as it is, in place of JSON. */
  readonly text?: { readonly type: string; readonly content: string }
  /** How long nothing may come; absent: 5 s for GET, 20 s for changes. */
  readonly patienceMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** The same with where to ask it. */
export interface Ask extends AdminRequest {
  readonly path: string
}

/** Asks for `path`, which begins with a slash. Never rejects. */
export async function askAdmin(target: AdminTarget, path: string, request?: AdminRequest): Promise<AdminAnswer> {
  let response: IncomingMessage
  try {
    response = await openAdmin(target, path, request)
  } catch (error) {
    return { ...failureOf(error), ...(isChange(request) && isSent(error) && { mayBeDone: true }) }
  }
  try {
    return readAnswer(response, JSON.parse(await readText(response)), target)
  } catch {
    return { kind: 'refused', reason: 'the answer is no JSON; is this the address of a SmartEdge admin API?' }
  }
}

const isChange = (request: AdminRequest | undefined): boolean => request !== undefined && request.method !== 'GET'

export const patienceOf = (request: AdminRequest): number =>
  request.patienceMs ?? (isChange(request) ? changePatienceMs : readPatienceMs)

/** Not where nobody took the connection. */
const isSent = (error: unknown): boolean =>
  error instanceof SilenceError || ['ECONNRESET', 'EPIPE'].includes(codeOf(error))

type AnswerHead = Pick<IncomingMessage, 'statusCode' | 'headers'>

/** What a whole answer comes to. */
export function readAnswer(
  { statusCode: status = 0, headers }: AnswerHead,
  body: unknown,
  target: AdminTarget,
): AdminAnswer {
  if (status >= 200 && status < 300) return { kind: 'ok', body }
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : 'no reason given'
  // RFC 6750 3.1: so it says of a token that it got, and not of one that it misses.
  const isWrong = headers['www-authenticate']?.includes('invalid_token') === true
  return { kind: 'refused', reason: status === 401 ? aboutToken(isWrong, target) : `${status}: ${detail}`, body }
}

const wayOut = 'pass --token, set SMARTEDGE_ADMIN_TOKEN to its admin.token, or name its configuration with -c'

const aboutToken = (isWrong: boolean, { tokenFrom = 'the file of our own SmartEdge' }: AdminTarget): string =>
  isWrong
    ? `the token from ${tokenFrom} is not its admin.token: ${wayOut}`
    : `it wants a token: ${wayOut}; where that has none, only its own user may`

/** The response with its body still to come; whoever asks for a stream reads it. Rejects when nobody answers. */
export async function openAdmin(
  target: AdminTarget,
  path: string,
  asked: AdminRequest = { method: 'GET' },
): Promise<IncomingMessage> {
  const response = await send({ ...target, ...credentialsOf(target) }, path, asked)
  const { url, home, mayBeAnother } = target
  if (response.statusCode !== 401 || mayBeAnother !== true || home === undefined) return response
  const own = findOwnToken(url, home)
  if (own === undefined) return response
  response.destroy()
  return send({ ...target, ...own }, path, asked)
}

/** As `target` has it: its URL and token. */
function send(target: AdminTarget, path: string, asked: AdminRequest): Promise<IncomingMessage> {
  const { method, body, text, headers } = asked
  const patienceMs = patienceOf(asked)
  const { url, token } = target
  const isUnix = url.startsWith('unix:')
  const address = new URL(isUnix ? `http://localhost${path}` : path, isUnix ? undefined : url)
  const { type, content } = text ?? {
    type: 'application/json',
    content: body === undefined ? '' : JSON.stringify(body),
  }
  const options = {
    method,
    agent: false,
    timeout: patienceMs,
    headers: {
      // By this the balancer's events tell a command of ours from other programs.
      'user-agent': `smartedge/${metadata.version}${target.client === undefined ? '' : ` (${target.client})`}`,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      // Asked for even where the body is empty: no form of a web page can send it.
      ...(method !== 'GET' && {
        'content-type': type,
        'content-length': String(Buffer.byteLength(content)),
      }),
      ...headers,
    },
    ...(isUnix && { socketPath: url.slice('unix:'.length) }),
  }
  const request = address.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const outgoing = request(address, options, resolve)
    outgoing.on('timeout', () => {
      const reason = `no answer within ${patienceMs / 1000} s`
      outgoing.destroy(outgoing.socket?.connecting === false ? new SilenceError(reason) : new Error(reason))
    })
    outgoing.on('error', reject)
    outgoing.end(content)
  })
}

function credentialsOf({ url, token, home }: AdminTarget): {
  readonly url: string
  readonly token: string | undefined
} {
  const own = token === undefined && home !== undefined ? findOwnToken(url, home) : undefined
  return own ?? { url, token }
}

/** At most 64 MiB; rejects beyond. */
export async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    size += piece.length
    if (size > maxAnswerBytes) throw new Error('too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** What comes of a request that rejects. */
export const failureOf = (error: unknown): Failure => ({
  kind: error instanceof SilenceError ? 'silent' : 'unreachable',
  reason: reasonOf(error),
})

/** A failed connection in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'nothing listens there'
  if (code === 'ENOTFOUND') return 'its name cannot be resolved'
  if (code === 'EACCES') return 'permission denied: its socket is for its own user'
  if (code === 'ECONNRESET') return 'the connection was reset'
  return (error instanceof Error && error.message) || code || 'no connection'
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
