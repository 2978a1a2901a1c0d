/** Clients of the database, by the key that they send. The backend is told who it is, and by default not the key. */
import type { Client, ClientDirectory } from '../clients/contract.ts'
import { fieldLine } from '../forward/field-line.ts'
import { queryNamed } from '../http1/pairs.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Admission, Verdict } from './admission.ts'
import { dropsOf, type Pass } from './pass.ts'
import type { KeyPolicy } from './policy.ts'

export interface ApiKeyOptions {
  readonly policy: KeyPolicy
  readonly directory: () => Pick<ClientDirectory, 'byKey' | 'freshness'>
  /** Epoch ms. */
  readonly wallTime: () => number
}

/** What a client of ours has for a key is much shorter; longer ones are not worth a hash. */
const MAX_KEY = 256
const CLIENT_ID = 'x-client-id'

const refusal = (status: number, detail: string, lines?: string): Verdict => ({
  kind: 'refused',
  problem: { status, detail, ...(lines !== undefined && { lines }) },
  reason: 'key',
})

// No registered scheme is for keys, and a 401 has to name one (RFC 9110 15.5.2).
const CHALLENGE = 'WWW-Authenticate: ApiKey\r\n'
const MISSING = refusal(401, 'an API key is needed here', CHALLENGE)
const UNKNOWN = refusal(401, 'this API key is nobody’s', CHALLENGE)
const DISABLED = refusal(403, 'the client of this API key is disabled')
const EXPIRED = refusal(403, 'this API key is no longer valid')
const UNREAD: Verdict = {
  kind: 'refused',
  problem: { status: 503, detail: 'the clients have not been read yet', retryAfterSeconds: 1 },
  reason: 'key',
}

export function apiKey({ policy, directory, wallTime }: ApiKeyOptions): Admission {
  const keyIn = keyReader(policy)
  const drops = dropsOf([CLIENT_ID, ...(policy.hide && policy.from.kind === 'header' ? [policy.from.name] : [])])
  const queryDrop = policy.hide && policy.from.kind === 'query' ? policy.from.name : undefined
  const passOf = ({ id }: Client): Pass => ({
    requestDrops: drops,
    requestLines: fieldLine('X-Client-Id', id) ?? '',
    ...(queryDrop !== undefined && { queryDrop }),
  })
  /** A client that changes is another object. */
  const passes = new WeakMap<Client, Verdict>()

  return {
    admit(asked, head) {
      const key = keyIn(head)
      if (key === undefined) return MISSING
      const clients = directory()
      const client = key.length > MAX_KEY ? undefined : clients.byKey(key)
      if (client === undefined) return clients.freshness.kind === 'unknown' ? UNREAD : UNKNOWN
      if (!client.isEnabled) return DISABLED
      if (client.validUntil !== undefined && client.validUntil <= wallTime()) return EXPIRED
      asked.subject = { key: `client ${client.id}`, client }
      let admitted = passes.get(client)
      if (admitted === undefined) passes.set(client, (admitted = { kind: 'admitted', pass: passOf(client) }))
      return admitted
    },
  }
}

/** undefined: there is none. */
function keyReader({ from: { kind, name } }: KeyPolicy): (head: RequestHead) => string | undefined {
  if (kind === 'query') return (head) => queryNamed(head, name)
  const lower = Buffer.from(name)
  return ({ fields }) => {
    const line = fields.lineNamed(lower, 0)
    // Of two the backend might take the other one.
    if (line < 0 || fields.lineNamed(lower, line + 1) >= 0) return undefined
    return fields.value(line) || undefined
  }
}
