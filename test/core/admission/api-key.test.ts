import { describe, expect, test } from 'bun:test'
import { apiKey } from '../../../core/admission/api-key.ts'
import type { KeyPolicy } from '../../../core/admission/policy.ts'
import type { Client, Freshness } from '../../../core/clients/contract.ts'
import { askRule, kindOf } from '../../support/asking.ts'

const client = (changes: Partial<Client> = {}): Client => ({
  id: 'acme',
  name: 'Acme',
  keyPrefix: 'sek_12345678',
  plan: undefined,
  rate: undefined,
  burst: undefined,
  note: '',
  isEnabled: true,
  validUntil: undefined,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
  ...changes,
})

const inHeader: KeyPolicy = { from: { kind: 'header', name: 'x-api-key' }, hide: true }
const inQuery: KeyPolicy = { from: { kind: 'query', name: 'key' }, hide: true }
const up: Freshness = { kind: 'up', ageMs: 0 }

/** A directory of which `good` is the key of one client. */
function asking(policy: KeyPolicy, found: Client | undefined = client(), freshness: Freshness = up) {
  const asked: string[] = []
  const time = { now: 1000 }
  const directory = {
    freshness,
    byKey(key: string) {
      asked.push(key)
      return key === 'good' ? found : undefined
    },
  }
  const rule = apiKey({ policy, directory: () => directory, wallTime: () => time.now })
  return { ask: (question: Parameters<typeof askRule>[1]) => askRule(rule, question), asked, time }
}

describe('the key of a client', () => {
  test('in a field lets it in, and tells the backend who it is in place of it', () => {
    const answer = asking(inHeader).ask({ lines: 'X-Api-Key: good\r\nX-Client-Id: other\r\n' })
    expect(answer.verdict).toEqual({
      kind: 'admitted',
      pass: { requestDrops: ['x-client-id', 'x-api-key'], requestLines: 'X-Client-Id: acme\r\n' },
    })
    expect(answer.subject()).toEqual({ key: 'client acme', client: client() })
  })

  test('is kept from the backend however its field is written', () => {
    const policy: KeyPolicy = { from: { kind: 'header', name: 'x_api_key' }, hide: true }
    expect(asking(policy).ask({ lines: 'X_Api_Key: good\r\n' }).verdict).toMatchObject({
      pass: { requestDrops: ['x-client-id', 'x-api-key'] },
    })
  })

  test('in two fields is none', () => {
    const { ask, asked } = asking(inHeader)
    const { verdict } = ask({ lines: 'X-Api-Key: good\r\nX-Api-Key: other\r\n' })
    expect([verdict.kind === 'refused' && verdict.problem.status, asked]).toEqual([401, []])
  })

  test('in the query does the same', () => {
    expect(asking(inQuery).ask({ request: 'GET /a?b=1&key=good' }).verdict).toEqual({
      kind: 'admitted',
      pass: { requestDrops: ['x-client-id'], requestLines: 'X-Client-Id: acme\r\n', queryDrop: 'key' },
    })
  })

  test.each([
    [{ ...inHeader, hide: false }, { lines: 'X-Api-Key: good\r\n' }],
    [{ ...inQuery, hide: false }, { request: 'GET /?key=good' }],
  ])('may be passed on', (policy, question) => {
    expect(asking(policy).ask(question).verdict).toEqual({
      kind: 'admitted',
      pass: { requestDrops: ['x-client-id'], requestLines: 'X-Client-Id: acme\r\n' },
    })
  })

  test.each([
    [inHeader, {}],
    [inHeader, { lines: 'X-Api-Key:\r\n' }],
    [inHeader, { request: 'GET /?key=good' }],
    [inQuery, { lines: 'X-Api-Key: good\r\n' }],
    [inQuery, { request: 'GET /?key=' }],
    [inQuery, { request: 'GET /?akey=good' }],
  ])('is missing', (policy, question) => {
    const { ask, asked } = asking(policy)
    expect(ask(question).verdict).toEqual({
      kind: 'refused',
      problem: { status: 401, detail: 'an API key is needed here', lines: 'WWW-Authenticate: ApiKey\r\n' },
      reason: 'key',
    })
    expect(asked).toEqual([])
  })

  test('that is nobody’s is told so', () => {
    expect(asking(inHeader).ask({ lines: 'X-Api-Key: bad\r\n' }).verdict).toMatchObject({
      problem: { status: 401, detail: 'this API key is nobody’s' },
      reason: 'key',
    })
  })

  test('of 10 KB is not even looked up', () => {
    const { ask, asked } = asking(inHeader)
    expect([kindOf(ask({ lines: `X-Api-Key: ${'x'.repeat(10_000)}\r\n` })), asked]).toEqual([401, []])
  })

  test('whose client is disabled is refused', () => {
    const { ask } = asking(inHeader, client({ isEnabled: false }))
    expect(ask({ lines: 'X-Api-Key: good\r\n' }).verdict).toMatchObject({
      problem: { status: 403, detail: 'the client of this API key is disabled' },
      reason: 'key',
    })
  })

  test('counts until its time', () => {
    const { ask, time } = asking(inHeader, client({ validUntil: 1001 }))
    const good = { lines: 'X-Api-Key: good\r\n' }
    expect(kindOf(ask(good))).toBe('admitted')
    time.now = 1001
    expect(ask(good).verdict).toMatchObject({ problem: { status: 403, detail: 'this API key is no longer valid' } })
  })

  test('waits for the clients to have been read, and is refused no longer than that', () => {
    const unknown: Freshness = { kind: 'unknown', reason: 'starting' }
    expect(asking(inHeader, undefined, unknown).ask({ lines: 'X-Api-Key: bad\r\n' }).verdict).toMatchObject({
      problem: { status: 503, retryAfterSeconds: 1 },
      reason: 'key',
    })
    const away: Freshness = { kind: 'away', ageMs: 5, reason: 'gone' }
    expect(kindOf(asking(inHeader, client(), away).ask({ lines: 'X-Api-Key: good\r\n' }))).toBe('admitted')
  })
})
