import { describe, expect, test } from 'bun:test'
import { BanTable } from '../../../core/limits/ban.ts'

const minute = 60_000

function table(size?: number) {
  const bans = new BanTable(size)
  bans.update({ after: 3, withinMs: minute, forMs: 10 * minute })
  return bans
}

/** At each instant a refusal; when the ban ends that one of them brought. */
function until(bans: BanTable, address: string, ...instants: readonly number[]): number | undefined {
  return instants.map((now) => bans.refused(address, now)?.until).find((end) => end !== undefined)
}

describe('bans', () => {
  test.each([
    ['none', [], undefined],
    ['two', [0, 1], undefined],
    ['three at once', [0, 0, 0], 600_000],
    ['three within a minute', [0, 1, 59_999], 659_999],
    ['three in a minute and no less', [0, 1, 60_000], undefined],
    ['three from a later one on', [0, 60_000, 60_001, 60_002], 660_002],
    ['two in each of two minutes', [0, 59_999, 60_000, 60_001], undefined],
  ])('come of refusals: %s', (_title, instants, end) => {
    expect(until(table(), '192.0.2.1', ...instants)).toBe(end)
  })

  test('last as long as they are said to', () => {
    const bans = table()
    until(bans, '192.0.2.1', 0, 0, 0)
    expect([0, 599_999, 600_000].map((now) => bans.isBanned('192.0.2.1', now))).toEqual([true, true, false])
    expect(bans.isEmpty).toBe(true)
  })

  test('are counted anew behind one', () => {
    const bans = table()
    until(bans, '192.0.2.1', 0, 0, 0)
    expect(until(bans, '192.0.2.1', 600_000, 600_000)).toBeUndefined()
    expect(until(bans, '192.0.2.1', 600_000)).toBe(1_200_000)
  })

  test('are counted anew behind a short one, too', () => {
    const bans = new BanTable()
    bans.update({ after: 3, withinMs: minute, forMs: 1000 })
    until(bans, '192.0.2.1', 0, 0, 0)
    expect([until(bans, '192.0.2.1', 1000, 1000), until(bans, '192.0.2.1', 1000)]).toEqual([undefined, 2000])
  })

  test('are of one address, and of a /64 in IPv6', () => {
    const bans = table()
    expect(bans.refused('2001:db8::1', 0)).toBeUndefined()
    expect(bans.refused('2001:db8:0:0:ffff::', 0)).toBeUndefined()
    expect(bans.refused('2001:db8::2', 0)).toEqual({ address: '2001:db8::/64', until: 600_000 })
    expect(until(bans, '192.0.2.1', 0, 0, 0)).toBe(600_000)
    const asked = ['2001:db8::ffff', '2001:db8:0:1::1', '192.0.2.1', '192.0.2.2', '::ffff:192.0.2.1']
    expect(asked.map((address) => bans.isBanned(address, 1))).toEqual([true, false, true, false, true])
  })

  test.each(['', 'unix:', 'nonsense', 'x'.repeat(10_000)])('are of nobody without an address: %.10p', (address) => {
    const bans = table()
    expect([until(bans, address, 0, 0, 0, 0), bans.isBanned(address, 0)]).toEqual([undefined, false])
  })

  test('hold as many as there is room for, and forget the oldest', () => {
    const bans = table(2)
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) until(bans, address, 0, 0, 0)
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => bans.isBanned(address, 0))).toEqual([
      false,
      true,
      true,
    ])
    const counting = table(2)
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) until(counting, address, 0, 0)
    expect(['10.0.0.3', '10.0.0.2', '10.0.0.1'].map((address) => until(counting, address, 0))).toEqual([
      600_000,
      600_000,
      undefined,
    ])
  })

  test('are none without a policy, and over with it', () => {
    const bans = new BanTable()
    expect(until(bans, '192.0.2.1', ...Array.from({ length: 1000 }, () => 0))).toBeUndefined()
    const over = table()
    until(over, '192.0.2.1', 0, 0, 0)
    over.update({ after: 1, withinMs: 1000, forMs: 1000 })
    expect(over.isBanned('192.0.2.1', 599_999)).toBe(true)
    over.update(undefined)
    expect([over.isEmpty, over.isBanned('192.0.2.1', 0)]).toEqual([true, false])
  })

  test('of a million addresses take no more room than those of the newest', () => {
    const bans = table(1000)
    for (let index = 0; index < 1_000_000; index += 1)
      bans.refused(`10.${index >>> 16}.${(index >>> 8) & 255}.${index & 255}`, index)
    expect(bans.isEmpty).toBe(true)
  })
})
