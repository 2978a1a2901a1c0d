/**
 * One endpoint of an etcd (v3), asked by its gateway for JSON, which every etcd has: keys and values go in base64, numbers of
 * 64 bits as texts. Signs in before the first question where there is a user.
 */
import type { Cancel } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import type { Secret } from '../secrets.ts'
import { type JsonObject, parseObject, textIn } from './json.ts'
import { readJsonAnswer } from './json-answer.ts'
import type { TlsFiles } from './policy.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'

export interface EtcdEndpoint {
  readonly url: string
  readonly user: { readonly name: string; readonly password: Secret } | undefined
  readonly tls: TlsFiles | undefined
}

export interface EtcdClientServices {
  readonly ask: Ask
  readonly readPem: ReadPem
}

/** Why a question has no answer. */
export interface EtcdFault {
  /** In words: etcd's own, or who cannot be asked. */
  readonly reason: string
  /** Nobody is signed in any more: the token has run out, or is another server's. */
  readonly isUnknownUser: boolean
}

export interface Heard {
  said(answer: JsonObject): void
  failed(fault: EtcdFault): void
}

/** An answer, at most; also a page of keys. */
export const MAX_ANSWER_BYTES = 8 * 1024 ** 2
const ANSWER = { maxBytes: MAX_ANSWER_BYTES, parse: parseObject, otherwise: 'not JSON' }
const TIMEOUT_MS = 5000

/** gRPC. */
const UNAUTHENTICATED = 16

export class EtcdClient {
  private readonly endpoint: EtcdEndpoint
  private readonly services: EtcdClientServices
  private token: string | undefined = undefined

  constructor(endpoint: EtcdEndpoint, services: EtcdClientServices) {
    this.endpoint = endpoint
    this.services = services
  }

  /** `path`: `kv/range`. One call of `heard`, unless the cancel that is returned comes before. */
  post(path: string, body: JsonObject, heard: Heard): Cancel {
    const { user } = this.endpoint
    if (user === undefined || this.token !== undefined) return this.send(path, body, heard)
    let cancel: Cancel = () => undefined
    const signIn = { name: user.name, password: user.password.reveal() }
    cancel = this.send('auth/authenticate', signIn, {
      failed: (fault) => heard.failed(fault),
      said: (answer) => {
        this.token = textIn(answer, 'token')
        cancel = this.send(path, body, heard)
      },
    })
    return () => cancel()
  }

  /** What is sent, to be followed line by line as well. */
  questionOf(path: string, body: JsonObject) {
    const { url, tls } = this.endpoint
    const found = readTls(tls, this.services.readPem)
    if (found.kind === 'fault') return found
    const fields = [['content-type', 'application/json'] as const]
    return {
      kind: 'question',
      url: new URL(`/v3/${path}`, url).href,
      fields: fieldsOf([], this.token === undefined ? fields : [...fields, ['authorization', this.token]]),
      body: JSON.stringify(body),
      tls: found.tls,
      timeoutMs: TIMEOUT_MS,
    } as const
  }

  private send(path: string, body: JsonObject, heard: Heard): Cancel {
    const question = this.questionOf(path, body)
    if (question.kind === 'fault') {
      heard.failed({ reason: question.reason, isUnknownUser: false })
      return () => undefined
    }
    return this.services.ask({ ...question, maxBodyBytes: MAX_ANSWER_BYTES }, (answer) => {
      const read = readJsonAnswer(answer, ANSWER)
      if (read.kind === 'said') return heard.said(read.said)
      if (read.kind === 'fault') return heard.failed({ reason: read.reason, isUnknownUser: false })
      const fault = refusalOf(read.status, read.said)
      if (fault.isUnknownUser) this.token = undefined
      heard.failed(fault)
    })
  }
}

/** Members of one etcd, and who asks. */
export interface EtcdMembers extends Omit<EtcdEndpoint, 'url'> {
  /** URLs; at least one. */
  readonly endpoints: readonly string[]
}

/** `path`: `kv/range`. Never rejects; a fault's reason is in words. */
export type AskEtcd = (
  path: string,
  body: JsonObject,
) => Promise<{ readonly kind: 'said'; readonly said: JsonObject } | { readonly kind: 'fault'; readonly reason: string }>

/** Asks the member that answered last, then one after the other. */
export function askEtcd(members: EtcdMembers, services: EtcdClientServices): AskEtcd {
  const clients = members.endpoints.map((url) => new EtcdClient({ ...members, url }, services))
  let current = 0
  const once = (path: string, body: JsonObject) =>
    new Promise<Awaited<ReturnType<AskEtcd>> | EtcdFault>((resolve) => {
      clients[current % clients.length]?.post(path, body, {
        said: (said) => resolve({ kind: 'said', said }),
        failed: resolve,
      })
    })
  return async (path, body) => {
    let reason = ''
    // Once more where a token has run out.
    for (let tries = 0; tries <= clients.length; tries++) {
      const answer = await once(path, body)
      if ('kind' in answer) return answer
      reason = answer.reason
      if (!answer.isUnknownUser) current += 1
      if (!answer.isUnknownUser && tries === clients.length - 1) break
    }
    return { kind: 'fault', reason }
  }
}

/** What etcd says in place of an answer. `status`: 0 where there is none. */
export const refusalOf = (status: number, { code, grpc_code: grpcCode, message }: JsonObject): EtcdFault => ({
  reason: typeof message === 'string' ? message : `answers with ${status}`,
  isUnknownUser: code === UNAUTHENTICATED || grpcCode === UNAUTHENTICATED,
})

export const toBase64 = (text: string): string => Buffer.from(text).toString('base64')
export const fromBase64 = (base64: string): string => Buffer.from(base64, 'base64').toString()
