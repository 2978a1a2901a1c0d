/** An order as a table: from each state, by what is heard, to the next. */
import { describe, expect, test } from 'bun:test'
import { fault } from '../../../core/acme/fault.ts'
import {
  advance,
  beginOrder,
  type OrderState,
  pauseOf,
  type Plan,
  postOf,
  presented,
} from '../../../core/acme/order.ts'
import type { Heard } from '../../../core/acme/session.ts'

const at = (path: string): string => `https://ca.test/${path}`
const directory = { newNonce: at('n'), newAccount: at('a'), newOrder: at('o'), needsBinding: false }
const plan: Plan = {
  name: 'a.test',
  challenge: 'http-01',
  directory,
  base: at('dir'),
  registration: { termsOfServiceAgreed: true },
  request: Buffer.from('request'),
  replaces: undefined,
  settleMs: 4000,
}
const account = at('account/1')
const order = { status: 'pending' as const, authorizations: [at('z/1')], finalize: at('f/1') }
const placed = { account, url: at('order/1'), order, rest: [at('z/1')] }
const token = 'abcdefghijklmnopqrstuv'
const challenge = { type: 'http-01', url: at('c/1'), token }
const waits = { nextMs: 1000, spentMs: 0, misses: 0 }

const reply = (said: unknown, facts: { location?: string; retryAfterMs?: number } = {}): Heard => ({
  kind: 'reply',
  status: 200,
  location: facts.location,
  retryAfterMs: facts.retryAfterMs,
  body: Buffer.from(typeof said === 'string' ? said : JSON.stringify(said)),
})
const met = (kind: 'away' | 'refused' | 'limited', type?: string): Heard => ({
  kind: 'fault',
  fault: { ...fault(kind, 'a fault'), ...(type !== undefined && { type }) },
})
const authorization = (status: string, challenges: object[] = [challenge]) => ({
  status,
  identifier: { type: 'dns', value: 'a.test' },
  challenges,
})
const failure = (state: OrderState): string => (state.step === 'failed' ? state.fault.detail : state.step)

const states = {
  register: { step: 'register' },
  order: { step: 'order', account, replaces: undefined, isFresh: false },
  replacing: { step: 'order', account, replaces: 'id', isFresh: false },
  fresh: { step: 'order', account, replaces: undefined, isFresh: true },
  authorization: { ...placed, step: 'authorization' },
  two: { ...placed, step: 'authorization', rest: [at('z/1'), at('z/2')] },
  present: { ...placed, step: 'present', challenge },
  respond: { ...placed, step: 'respond', challenge },
  validation: { ...placed, step: 'validation', waits },
  finalize: { ...placed, step: 'finalize' },
  issuance: { ...placed, step: 'issuance', waits },
  download: { step: 'download', account, certificate: at('cert/1') },
} as const satisfies Readonly<Record<string, OrderState>>

describe('what is posted', () => {
  const cases: readonly [keyof typeof states, string, object | undefined][] = [
    ['register', at('a'), plan.registration],
    ['order', at('o'), { identifiers: [{ type: 'dns', value: 'a.test' }] }],
    ['replacing', at('o'), { identifiers: [{ type: 'dns', value: 'a.test' }], replaces: 'id' }],
    ['authorization', at('z/1'), undefined],
    ['respond', at('c/1'), {}],
    ['validation', at('z/1'), undefined],
    ['finalize', at('f/1'), { csr: Buffer.from('request').toString('base64url') }],
    ['issuance', at('order/1'), undefined],
    ['download', at('cert/1'), undefined],
  ]
  for (const [name, url, payload] of cases)
    test(name, () => {
      expect(postOf(states[name], plan)).toEqual({ url, payload, account: name === 'register' ? undefined : account })
    })

  test('nothing where it is over, or ours to act', () => {
    for (const state of [
      states.present,
      { step: 'issued', account, chain: '' },
      { step: 'failed', fault: fault('own', '') },
    ])
      expect(postOf(state as OrderState, plan)).toBeUndefined()
  })
})

describe('an order goes on', () => {
  const cases: readonly [string, OrderState, Heard, Partial<OrderState>][] = [
    ['with the account that it is given', states.register, reply({}, { location: account }), states.fresh],
    ['to what must be proved', states.order, reply(order, { location: at('order/1') }), states.authorization],
    [
      'without a proof where one is remembered',
      states.order,
      reply({ ...order, status: 'ready' }, { location: at('order/1') }),
      { step: 'finalize' },
    ],
    ['to its challenge', states.authorization, reply(authorization('pending')), states.present],
    [
      'past a proof that is remembered',
      states.authorization,
      reply(authorization('valid')),
      { step: 'finalize', rest: [] },
    ],
    [
      'to the next authorization',
      states.two,
      reply(authorization('valid')),
      { step: 'authorization', rest: [at('z/2')] },
    ],
    [
      'to the CA’s look',
      states.respond,
      reply({}),
      { step: 'validation', waits: { nextMs: 375, spentMs: 250, misses: 0 } },
    ],
    [
      'to another look',
      states.validation,
      reply(authorization('pending'), { retryAfterMs: 7000 }),
      { step: 'validation', waits: { nextMs: 7000, spentMs: 1000, misses: 0 } },
    ],
    ['behind the look', states.validation, reply(authorization('valid')), { step: 'finalize' }],
    ['while it is issued', states.finalize, reply({ ...order, status: 'processing' }), { step: 'issuance' }],
    ['while it is said to be ready still', states.issuance, reply({ ...order, status: 'ready' }), { step: 'issuance' }],
    [
      'to the certificate',
      states.issuance,
      reply({ ...order, status: 'valid', certificate: at('cert/1') }),
      states.download,
    ],
    [
      'to the certificate at once',
      states.finalize,
      reply({ ...order, status: 'valid', certificate: at('cert/1') }),
      states.download,
    ],
    ['to its end', states.download, reply('PEM'), { step: 'issued', chain: 'PEM' }],
    // What is met with on the way, and is no end.
    ['with an account made anew', states.order, met('refused', 'accountDoesNotExist'), states.register],
    ['without replacing', states.replacing, met('refused', 'alreadyReplaced'), states.order],
    ['where it has been finalized', states.finalize, met('refused', 'orderNotReady'), { step: 'issuance' }],
    [
      'when the CA is not heard once',
      states.validation,
      met('away'),
      { step: 'validation', waits: { nextMs: 1500, spentMs: 1000, misses: 1 } },
    ],
  ]
  for (const [title, from, heard, to] of cases) test(title, () => expect(advance(from, plan, heard)).toMatchObject(to))

  test('once its challenge is presented, and after the time that this takes to be seen', () => {
    expect(presented(states.present, undefined)).toEqual(states.respond)
    expect([pauseOf(states.respond, plan), pauseOf(states.validation, plan), pauseOf(states.finalize, plan)]).toEqual([
      4000, 1000, 0,
    ])
  })

  test('from an account that is known, or from none', () => {
    expect(beginOrder(plan, account)).toEqual(states.order)
    expect(beginOrder(plan, undefined)).toEqual(states.register)
  })
})

describe('an order fails', () => {
  const notJson = reply('<html>')
  const cases: readonly [string, OrderState, Heard, string][] = [
    ['without an account’s URL', states.register, reply({}), 'it gave the account no URL'],
    ['by what is no order', states.order, notJson, 'what it answered is no order'],
    ['by an order without a URL', states.order, reply(order), 'what it answered is no order'],
    ['by what is no authorization', states.authorization, notJson, 'what it answered is no authorization of that name'],
    [
      'by another name’s authorization',
      states.authorization,
      reply({ ...authorization('pending'), identifier: { value: 'b.test' } }),
      'what it answered is no authorization of that name',
    ],
    [
      'where the challenge is not offered',
      states.authorization,
      reply(authorization('pending', [{ ...challenge, type: 'dns-01' }])),
      'for a.test it offers dns-01, not http-01',
    ],
    [
      'where none is',
      states.authorization,
      reply(authorization('pending', [])),
      'for a.test it offers nothing, not http-01',
    ],
    [
      'by what the CA saw',
      states.validation,
      reply(authorization('invalid', [{ ...challenge, error: { detail: 'not that' } }])),
      ': not that',
    ],
    [
      'by an authorization that has expired',
      states.authorization,
      reply(authorization('expired')),
      'it has the authorization of a.test expired, and does not say why',
    ],
    [
      'by the CA’s refusal to issue',
      states.issuance,
      reply({ ...order, status: 'invalid', error: { type: 'caa', detail: 'no' } }),
      'caa: no',
    ],
    [
      'without a certificate’s URL',
      states.issuance,
      reply({ ...order, status: 'valid' }),
      'it has issued a certificate that is nowhere',
    ],
    ['when an account just made is not known', states.fresh, met('refused', 'accountDoesNotExist'), 'a fault'],
    ['when the CA is away', states.order, met('away'), 'a fault'],
    [
      'when the CA is away for longer',
      { ...states.validation, waits: { ...waits, misses: 3 } },
      met('away'),
      'a fault',
    ],
    ['when it is limited', states.validation, met('limited'), 'a fault'],
    [
      'when the look takes too long',
      { ...states.validation, waits: { ...waits, spentMs: 600_000 } },
      reply(authorization('pending')),
      'it takes longer than 10 minutes to look at the challenge',
    ],
    [
      'when issuing takes too long',
      { ...states.issuance, waits: { ...waits, spentMs: 600_000 } },
      reply({ ...order, status: 'processing' }),
      'it takes longer than 10 minutes to issue',
    ],
  ]
  for (const [title, from, heard, detail] of cases)
    test(title, () => expect(failure(advance(from, plan, heard))).toBe(detail))

  test('when nothing can be presented', () => {
    expect(failure(presented(states.present, fault('own', 'the hook failed')))).toBe('the hook failed')
  })

  test('however long it is made to wait, at last', () => {
    let state: OrderState = states.validation
    let asked = 0
    for (; state.step === 'validation'; asked += 1)
      state = advance(state, plan, reply(authorization('pending'), { retryAfterMs: 0 }))
    expect(asked).toBeLessThan(700)
    expect(failure(state)).toContain('10 minutes')
  })
})
