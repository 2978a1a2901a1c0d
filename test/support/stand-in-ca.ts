/**
 * A certificate authority that stands in for a real one where pebble cannot: it answers in the process, by the test's clock,
 * suggests renewals (RFC 9773), and fails as the test tells it. It verifies what a real one does: signatures, nonces, URLs,
 * accounts, requests for certificates, and the proof, for which the test says what would be seen.
 */
import { createPublicKey, verify } from 'node:crypto'
import { calculateJwkThumbprint, flattenedVerify, importJWK, type JWK } from 'jose'
import { readAll, readOne } from '../../core/acme/der.ts'
import type { Answer, Ask, Question } from '../../core/net/ask.ts'
import type { Clock } from '../../core/clock.ts'
import { createAuthority } from './authority.ts'

export const base = 'https://ca.test'

export interface StandInCa {
  readonly ask: Ask
  /** `METHOD path` of each question so far, and what a signed one said. */
  readonly asked: { readonly at: string; readonly payload: unknown }[]
  /** What is seen at a name by the token's challenge; by default all that is wanted. */
  seen: (name: string, token: string) => string | undefined
  /** In place of its own answer; undefined: it answers itself. */
  fault: (path: string, times: number) => Answer | undefined
  /** Of what it issues. */
  lifetimeMs: number
  /** Its clock against the test's. */
  aheadMs: number
  /** What it suggests; undefined: it knows no RFC 9773. */
  window: { readonly start: string; readonly end: string } | undefined
  /** The name that it issues a certificate for, instead of that which was asked for. */
  issuesFor: (name: string) => string
  /** What it issues for the leaf in place of that. */
  chain: (chain: string) => string
  challenges: readonly string[]
}

const DAY = 24 * 3600_000

interface Placed {
  readonly name: string
  readonly token: string
  status: 'pending' | 'ready' | 'valid' | 'invalid'
  authorization: 'pending' | 'valid' | 'invalid'
  chain: string
}

export const answer = (status: number, said: unknown, fields: Readonly<Record<string, string>> = {}): Answer => ({
  kind: 'answered',
  status,
  fields: new Headers(fields),
  body: Buffer.from(typeof said === 'string' ? said : JSON.stringify(said)),
})

export const problem = (status: number, type: string, fields: Readonly<Record<string, string>> = {}): Answer =>
  answer(status, { type: `urn:ietf:params:acme:error:${type}`, detail: `a ${type} for the test` }, fields)

export function standInCa(clock: Pick<Clock, 'wallTime'>): StandInCa {
  const issuer = createAuthority().below('Stand-in CA')
  const accounts = new Map<string, JWK>()
  const orders: Placed[] = []
  const nonces = new Set<string>()
  const times = new Map<string, number>()
  let made = 0

  const ca: StandInCa = {
    ask(question, heard) {
      let isWanted = true
      const answered = async (): Promise<void> => {
        const said = await judge(question)
        if (isWanted) heard(said)
      }
      void answered()
      return () => {
        isWanted = false
      }
    },
    asked: [],
    seen: () => undefined,
    fault: () => undefined,
    lifetimeMs: 90 * DAY,
    aheadMs: 0,
    window: undefined,
    issuesFor: (name) => name,
    chain: (chain) => chain,
    challenges: ['http-01', 'dns-01', 'tls-alpn-01'],
  }

  const now = (): number => clock.wallTime() + ca.aheadMs

  function dressed(said: Answer): Answer {
    if (said.kind === 'failed') return said
    made += 1
    const nonce = `nonce-${made}`
    nonces.add(nonce)
    if (!said.fields.has('replay-nonce')) said.fields.set('replay-nonce', nonce)
    if (!said.fields.has('date')) said.fields.set('date', new Date(now()).toUTCString())
    return said
  }

  async function judge(question: Question): Promise<Answer> {
    const path = question.url.slice(base.length)
    const count = (times.get(path) ?? 0) + 1
    times.set(path, count)
    const fault = ca.fault(path, count)
    if (question.body === undefined) ca.asked.push({ at: `GET ${path}`, payload: undefined })
    if (fault !== undefined && question.body === undefined) return dressed(fault)
    if (question.body === undefined) return dressed(get(path))
    const signed = await verified(question)
    if ('kind' in signed) return dressed(signed)
    ca.asked.push({ at: `POST ${path}`, payload: signed.payload })
    return dressed(fault ?? (await post(path, signed)))
  }

  function get(path: string): Answer {
    if (path.startsWith('/directory')) {
      const parts = { newNonce: '/nonce', newAccount: '/account', newOrder: '/order' }
      const urls = Object.entries({ ...parts, ...(ca.window && { renewalInfo: '/renewal' }) })
      return answer(200, Object.fromEntries(urls.map(([name, at]) => [name, base + at])))
    }
    if (path === '/nonce') return answer(204, '')
    if (path.startsWith('/renewal/') && ca.window !== undefined)
      return answer(200, { suggestedWindow: ca.window }, { 'retry-after': '21600' })
    return problem(404, 'malformed')
  }

  interface Signed {
    readonly account: string | undefined
    readonly jwk: JWK
    readonly payload: Readonly<Record<string, unknown>> | undefined
  }

  async function verified(question: Question): Promise<Signed | Answer> {
    const type = question.fields.find(([name]) => name === 'content-type')?.[1]
    if (type !== 'application/jose+json') return problem(415, 'malformed')
    const jws = JSON.parse(question.body ?? '') as { protected: string; payload: string; signature: string }
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as Record<string, unknown>
    const { nonce, url, kid, jwk } = header as { nonce?: string; url?: string; kid?: string; jwk?: JWK }
    if (nonce === undefined || !nonces.delete(nonce)) return problem(400, 'badNonce')
    if (url !== question.url || (kid === undefined) === (jwk === undefined)) return problem(400, 'malformed')
    const key = jwk ?? accounts.get(kid ?? '')
    if (key === undefined) return problem(400, 'accountDoesNotExist')
    if ('d' in key) return problem(400, 'badPublicKey')
    const { payload } = await flattenedVerify(jws, await importJWK(key, 'ES256'), { algorithms: ['ES256'] })
    const text = Buffer.from(payload).toString()
    return { account: kid, jwk: key, payload: text === '' ? undefined : JSON.parse(text) }
  }

  async function post(path: string, { account, jwk, payload }: Signed): Promise<Answer> {
    if (path === '/account') {
      const at = `${base}/account/${await calculateJwkThumbprint(jwk)}`
      accounts.set(at, jwk)
      return answer(201, { status: 'valid' }, { location: at })
    }
    if (account === undefined) return problem(400, 'malformed')
    if (path === '/order') {
      const [{ value = '' } = {}] = (payload?.['identifiers'] ?? []) as { value?: string }[]
      orders.push({
        name: value,
        token: `token-${String(orders.length).padStart(20, '0')}`,
        status: 'pending',
        authorization: 'pending',
        chain: '',
      })
      return answer(201, shown(orders.length - 1), { location: `${base}/order/${orders.length - 1}` })
    }
    const [, what = '', id = ''] = path.split('/')
    const order = orders[Number(id)]
    if (order === undefined) return problem(404, 'malformed')
    switch (what) {
      case 'authorization':
        return answer(200, authorization(Number(id), order))
      case 'challenge': {
        const wanted = `${order.token}.${await calculateJwkThumbprint(jwk)}`
        order.authorization = (ca.seen(order.name, order.token) ?? wanted) === wanted ? 'valid' : 'invalid'
        order.status = order.authorization === 'valid' ? 'ready' : 'invalid'
        return answer(200, {})
      }
      case 'finalize':
        return finalize(Number(id), order, String(payload?.['csr']))
      case 'order':
        return answer(200, shown(Number(id)))
      case 'certificate':
        return answer(200, ca.chain(order.chain), { 'content-type': 'application/pem-certificate-chain' })
      default:
        return problem(404, 'malformed')
    }
  }

  function shown(id: number): object {
    const order = orders[id]
    return {
      status: order?.status,
      identifiers: [{ type: 'dns', value: order?.name }],
      authorizations: [`${base}/authorization/${id}`],
      finalize: `${base}/finalize/${id}`,
      ...(order?.status === 'valid' && { certificate: `${base}/certificate/${id}` }),
    }
  }

  const authorization = (id: number, { name, token, authorization: status }: Placed): object => ({
    status,
    identifier: { type: 'dns', value: name.replace(/^\*\./, '') },
    challenges: ca.challenges.map((type) => ({
      type,
      token,
      url: `${base}/challenge/${id}`,
      ...(status === 'invalid' && {
        error: { type: 'urn:ietf:params:acme:error:unauthorized', detail: 'what was seen is not what was wanted' },
      }),
    })),
  })

  function finalize(id: number, order: Placed, csr: string): Answer {
    if (order.status !== 'ready') return problem(403, 'orderNotReady')
    const publicKey = keyOf(Buffer.from(csr, 'base64url'), order.name)
    if (publicKey === undefined) return problem(400, 'badCSR')
    const wish = { names: [ca.issuesFor(order.name)], notBefore: now(), notAfter: now() + ca.lifetimeMs }
    order.chain = issuer.certify(wish, publicKey)
    order.status = 'valid'
    return answer(200, shown(id))
  }

  return ca
}

/** The public key of a request for exactly that name, signed by that very key; undefined: it is none. */
function keyOf(csr: Buffer, name: string): Buffer | undefined {
  const [content, , signature] = readAll(readOne(csr).content)
  if (content === undefined || signature === undefined) return undefined
  const [, , spki] = readAll(content.content)
  if (spki === undefined) return undefined
  const key = createPublicKey({ key: spki.raw, format: 'der', type: 'spki' })
  const isSigned = verify('sha256', content.raw, key, signature.content.subarray(1))
  return isSigned && content.content.includes(Buffer.from(name)) ? spki.raw : undefined
}
