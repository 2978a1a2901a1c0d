import { describe, expect, test } from 'bun:test'
import { accessRules } from '../../../core/admission/access.ts'
import { addressSet } from '../../../core/admission/address-list.ts'
import { inOrder } from '../../../core/admission/in-order.ts'
import { PasswordChecks } from '../../../core/admission/password-checks.ts'
import type { AccessPolicy, AddressPolicy } from '../../../core/admission/policy.ts'
import { Secret } from '../../../core/secrets.ts'
import { askRule, kindOf } from '../../support/asking.ts'

const parts = {
  addresses: (path: string) => addressSet([path]),
  users: (path: string) => new Map([[path, new Secret('hash')]]),
  checks: new PasswordChecks({
    now: () => 0,
    atOnce: 1,
    verify: async () => false,
    inEvent: (task) => task(),
    reportFault: () => undefined,
  }),
  directory: () => ({ byKey: () => undefined, freshness: { kind: 'unknown', reason: '' } as const }),
  wallTime: () => 0,
}

const everything: AccessPolicy = {
  addresses: { allow: ['192.0.2.1'], deny: [], allowFile: undefined, denyFile: undefined },
  cors: { origins: ['https://a'], methods: ['GET'], fields: [], expose: [], credentials: false, maxAgeMs: 0 },
  methods: ['GET'],
  maxBodyBytes: 3,
  apiKey: { from: { kind: 'header', name: 'x-api-key' }, hide: true },
}
const together = (policy: AccessPolicy) => {
  const { open, authentication } = accessRules(policy, parts)
  return inOrder([...open, ...authentication])
}
const rule = together(everything)
const ask = (request: string, lines: string, from = '192.0.2.1') => kindOf(askRule(rule, { request, lines, from }))

describe('access', () => {
  test('asks its rules in their order, each only once those before it have admitted', () => {
    const origin = 'Origin: https://b\r\nAccess-Control-Request-Method: GET\r\n'
    const long = 'Content-Length: 4\r\n'
    expect(ask('OPTIONS /', origin + long, '192.0.2.2')).toBe(403)
    expect(ask('OPTIONS /', origin.replace('//b', '//a') + long)).toBe(204)
    expect(ask('POST /', long)).toBe(405)
    expect(ask('GET /', long)).toBe(413)
    expect(ask('GET /', '')).toBe(401)
    expect(ask('GET /', 'X-Api-Key: any\r\n')).toBe(503)
  })

  test('tells a script of another origin why it was refused', () => {
    const { verdict } = askRule(rule, { lines: 'Origin: https://a\r\nContent-Length: 4\r\n' })
    expect(verdict.kind === 'refused' && verdict.problem.lines).toContain('Access-Control-Allow-Origin: https://a\r\n')
  })

  test('keeps those apart that find out who it is', () => {
    const { open, authentication } = accessRules(everything, parts)
    expect([open.length, authentication.length]).toEqual([4, 1])
    expect(accessRules({}, parts)).toEqual({ open: [], authentication: [] })
  })

  const addresses = (changes: Partial<AddressPolicy>) =>
    together({ addresses: { allow: undefined, deny: [], allowFile: undefined, denyFile: undefined, ...changes } })
  test.each([
    [{ deny: ['192.0.2.1'] }, [403, 'admitted']],
    [{ denyFile: '192.0.2.1' }, [403, 'admitted']],
    [{ allow: ['192.0.2.1'] }, ['admitted', 403]],
    [{ allowFile: '192.0.2.1' }, ['admitted', 403]],
    [{ allow: [] }, [403, 403]],
    [{ allow: ['192.0.2.1'], allowFile: '192.0.2.2' }, ['admitted', 'admitted']],
    [{ deny: ['192.0.2.1'], denyFile: '192.0.2.2' }, [403, 403]],
  ])('by addresses %j', (changes, expected) => {
    const asked = ['192.0.2.1', '192.0.2.2'].map((from) => kindOf(askRule(addresses(changes), { from })))
    expect(asked).toEqual(expected as never)
  })

  test('has users of a file and of its own', () => {
    const basic = { realm: 'a', users: [{ name: 'own', hash: new Secret('h') }], usersFile: 'filed', hide: false }
    const users = together({ basic })
    const lines = (name: string) => `Authorization: Basic ${Buffer.from(`${name}:x`).toString('base64')}\r\n`
    expect(['own', 'filed'].map((name) => kindOf(askRule(users, { lines: lines(name) })))).toEqual(['later', 'later'])
  })
})
