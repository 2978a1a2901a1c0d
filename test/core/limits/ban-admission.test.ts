import { describe, expect, test } from 'bun:test'
import { type Admission, everybody, type Verdict } from '../../../core/admission/admission.ts'
import { type Bans, banning } from '../../../core/limits/ban-admission.ts'
import { askRule, kindOf } from '../../support/asking.ts'

const refusal: Verdict = { kind: 'refused', problem: { status: 403, detail: 'no' }, reason: 'address' }
const refusing = (verdict: Verdict = refusal): Admission => ({ admit: () => verdict })

/** Bans that write down whom they are told of. */
function bans(banned: readonly string[] = []) {
  const told: string[] = []
  const table: Bans = {
    isEmpty: banned.length === 0,
    isBanned: (address) => banned.includes(address),
    refused: (address, now) => void told.push(`${address} at ${now}`),
  }
  return { table, told }
}

describe('the rules of a route, with bans around them', () => {
  test('let in whom they let in', () => {
    const { table, told } = bans()
    expect([kindOf(askRule(banning(table, everybody))), told]).toEqual(['admitted', []])
  })

  test('have what they refuse counted against the client', () => {
    const { table, told } = bans()
    expect(askRule(banning(table, refusing()), { now: 7 }).verdict).toBe(refusal)
    expect(told).toEqual(['192.0.2.1 at 7'])
  })

  test('have what they refuse later counted then', () => {
    const { table, told } = bans()
    const decides: ((verdict: Verdict) => void)[] = []
    const late: Admission = {
      admit: () => ({ kind: 'later', wait: (decide) => (decides.push(decide), () => undefined) }),
    }
    const heard: Verdict[] = []
    const { verdict } = askRule(banning(table, late))
    if (verdict.kind === 'later') verdict.wait((next) => heard.push(next))
    expect([heard, told]).toEqual([[], []])
    decides[0]?.(refusal)
    expect([heard, told]).toEqual([[refusal], ['192.0.2.1 at 0']])
  })

  test.each([
    ['what has no reason, such as a preflight that is answered', { problem: { status: 204, detail: '' } }],
    ['what is for want of something of ours', { problem: { status: 503, detail: '' }, reason: 'key' as const }],
  ])('do not count %s', (_title, refused) => {
    const { table, told } = bans()
    askRule(banning(table, refusing({ kind: 'refused', ...refused })))
    expect(told).toEqual([])
  })

  test('count against the client that a trusted proxy tells of, and never against the proxy', () => {
    const { table, told } = bans()
    const isTrusted = (address: string): boolean => address === '10.0.0.1'
    const rule = banning(table, refusing())
    askRule(rule, { from: '10.0.0.1', isTrusted, lines: 'X-Forwarded-For: 192.0.2.7\r\n' })
    askRule(rule, { from: '10.0.0.1', isTrusted })
    askRule(rule, { from: '10.0.0.1', isTrusted, lines: 'X-Forwarded-For: 10.0.0.1\r\n' })
    expect(told).toEqual(['192.0.2.7 at 0'])
  })

  test('are not asked about who is kept out, nor is that counted again', () => {
    const { table, told } = bans(['192.0.2.7'])
    const isTrusted = (address: string): boolean => address === '10.0.0.1'
    const rule = banning(table, everybody)
    const through = { from: '10.0.0.1', isTrusted, lines: 'X-Forwarded-For: 192.0.2.7\r\n' }
    expect(askRule(rule, through).verdict).toEqual({
      kind: 'refused',
      problem: { status: 403, detail: 'too many requests from this address were refused: it has to wait' },
      reason: 'ban',
    })
    expect([kindOf(askRule(rule, { from: '192.0.2.7' })), kindOf(askRule(rule))]).toEqual([403, 'admitted'])
    expect(told).toEqual([])
  })
})
