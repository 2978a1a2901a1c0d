import { describe, expect, test } from 'bun:test'
import { addressSet } from '../../../core/admission/address-list.ts'
import { allowAddresses } from '../../../core/admission/addresses.ts'
import { askRule, kindOf } from '../../support/asking.ts'

const rule = (allowed: readonly string[][], denied: readonly string[][]) =>
  allowAddresses(allowed.map(addressSet), denied.map(addressSet))

describe('addresses', () => {
  test.each([
    ['nobody denied', [], [], '192.0.2.1', 'admitted'],
    ['denied', [], [['192.0.2.0/24']], '192.0.2.1', 403],
    ['another denied', [], [['192.0.2.0/24']], '192.0.3.1', 'admitted'],
    ['allowed', [['192.0.2.0/24']], [], '192.0.2.1', 'admitted'],
    ['another allowed', [['192.0.2.0/24']], [], '192.0.3.1', 403],
    ['nobody allowed', [[]], [], '192.0.2.1', 403],
    ['allowed by the second list', [['10.0.0.0/8'], ['192.0.2.1']], [], '192.0.2.1', 'admitted'],
    ['denied by the second list', [], [['10.0.0.0/8'], ['192.0.2.1']], '192.0.2.1', 403],
    ['denied within what is allowed', [['192.0.2.0/24']], [['192.0.2.1']], '192.0.2.1', 403],
    ['allowed within what is denied', [['192.0.2.1']], [['192.0.2.0/24']], '192.0.2.1', 403],
    ['IPv6', [['2001:db8::/32']], [], '2001:db8::1', 'admitted'],
    ['a Unix socket, allowed', [['unix:']], [], '', 'admitted'],
    ['a Unix socket among addresses', [['0.0.0.0/0', '::/0']], [], '', 403],
    ['a Unix socket, denied', [], [['unix:']], '', 403],
    ['an address where Unix sockets are denied', [], [['unix:']], '192.0.2.1', 'admitted'],
  ] as const)('with %s', (_title, allowed, denied, from, expected) => {
    expect(kindOf(askRule(rule(allowed as never, denied as never), { from }))).toBe(expected)
  })

  test('are those that a trusted proxy tells of, and nobody else', () => {
    const denying = rule([], [['192.0.2.0/24']])
    const lines = 'X-Forwarded-For: 192.0.2.7, 198.51.100.1\r\n'
    const isTrusted = (address: string): boolean => address === '10.0.0.1' || address === '198.51.100.1'
    expect(kindOf(askRule(denying, { from: '10.0.0.1', lines, isTrusted }))).toBe(403)
    expect(kindOf(askRule(denying, { from: '10.0.0.2', lines, isTrusted }))).toBe('admitted')
  })

  test('that are refused are told so, under a reason of their own', () => {
    expect(askRule(rule([[]], [])).verdict).toEqual({
      kind: 'refused',
      problem: { status: 403, detail: 'requests from this address are not allowed here' },
      reason: 'address',
    })
  })
})
