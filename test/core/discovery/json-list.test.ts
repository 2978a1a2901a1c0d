import { describe, expect, test } from 'bun:test'
import { readMember } from '../../../core/config/read-member.ts'
import { listReader, parseJsonList, readItems } from '../../../core/discovery/json-list.ts'
import { type Listing, ListingBuilder } from '../../../core/discovery/listing.ts'

describe('a list in JSON', () => {
  test.each([
    ['a list', '["http://a"]'],
    ['a members file', '{ "backends": ["http://a"], "version": 3 }'],
  ])('is %s', (_what, text) => {
    expect(parseJsonList(text)).toEqual({ kind: 'list', items: ['http://a'] })
  })

  test.each([
    ['', 'it is not JSON'],
    ['[', 'it is not JSON'],
    ['["http://a"', 'it is not JSON'],
    ['<html>', 'it is not JSON'],
    ['\0', 'it is not JSON'],
    ['null', 'it is neither a list nor { "backends": [ … ] }'],
    ['3', 'it is neither a list nor { "backends": [ … ] }'],
    ['{}', 'it is neither a list nor { "backends": [ … ] }'],
    ['{ "backends": {} }', 'it is neither a list nor { "backends": [ … ] }'],
    ['"http://a"', 'it is neither a list nor { "backends": [ … ] }'],
  ])('is not %j', (text, reason) => expect(parseJsonList(text)).toEqual({ kind: 'fault', reason }))
})

function reading(items: readonly unknown[]) {
  const turns: (() => void)[] = []
  const listings: Listing[] = []
  const clock = { soon: (task: () => void) => void turns.push(task) }
  const cancel = readItems(items, { clock, readMember }, (listing) => void listings.push(listing))
  return { turns, listings, cancel }
}

describe('its entries', () => {
  test('are read as those of backends, and faulty ones are left out with their reason', () => {
    const { listings } = reading([
      'http://a:1',
      { url: 'http://[::1]:2', weight: 2, tier: 1, maxInflight: 3, zone: 'eu', drain: true },
      { url: 'unix:/run/app.sock', place: { latitude: 1, longitude: 2 } },
      'ftp://a',
      { url: 'http://b', weight: 0 },
      { url: 'http://b', wieght: 2 },
      'http://a:1',
      null,
      [],
      {},
      { url: 'http://${HOME}' },
    ])
    const [{ members, skipped }] = listings as [Listing]
    expect(members.map(({ id, weight, tier, isDraining }) => [id, weight, tier, isDraining])).toEqual([
      ['a:1', 1, 0, false],
      ['[::1]:2', 2, 1, true],
      ['unix:/run/app.sock', 1, 0, false],
    ])
    expect(members[2]?.place).toEqual({ latitude: 1, longitude: 2 })
    expect(skipped.count).toBe(8)
    expect(skipped.first.map(({ entry, reason }) => `${entry} ${reason}`)).toEqual([
      '[3] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got "ftp://a"',
      '[4] weight must be a number from 0.001 to 1000, got 0 ("drain": true keeps requests away)',
      '[5] wieght is not a known key (did you mean "weight"?)',
      '[6] is a:1 once more',
      '[7] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got null',
      '[8] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got []',
      '[9] url is required',
      expect.stringContaining('[10] url must hold no ${…}'),
    ])
  })

  test('tell the reasons of the first eight that are left out, and how many there are', () => {
    const { listings } = reading(Array.from({ length: 100 }, () => 'ftp://a'))
    expect(listings[0]?.skipped).toMatchObject({ count: 100, first: { length: 8 } })
  })

  test('are read 100 a turn, and told once all are', () => {
    const { turns, listings } = reading(Array.from({ length: 250 }, (_, index) => `http://a:${index + 1}`))
    expect([turns.length, listings.length]).toEqual([1, 0])
    turns.shift()?.()
    turns.shift()?.()
    expect([turns.length, listings[0]?.members.length]).toEqual([0, 250])
  })

  test('are told no more once that is cancelled', () => {
    const { turns, listings, cancel } = reading(Array.from({ length: 250 }, (_, index) => `http://a:${index + 1}`))
    cancel()
    turns.shift()?.()
    expect([turns.length, listings.length]).toEqual([0, 0])
  })

  test('may be nested as deep as anybody likes', () => {
    let deep: unknown = 'http://a'
    for (let depth = 0; depth < 100_000; depth++) deep = [deep]
    expect(reading([deep, { url: deep }, { url: 'http://a', place: deep }]).listings[0]?.skipped.count).toBe(3)
  })

  test('may have as many keys as anybody likes, of which the first few alone are read', () => {
    let reads = 0
    const value = {
      get x() {
        return (reads += 1)
      },
    }
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, value]))
    const { listings } = reading([many, Array.from({ length: 1000 }, () => value), { url: 'http://a', place: many }])
    expect(listings[0]?.skipped.count).toBe(3)
    expect(reads).toBeLessThan(100)
  })

  test('are told of by no more than a hundred characters of their name, and three hundred of the reason', () => {
    const builder = new ListingBuilder()
    builder.skip({ entry: 'x'.repeat(100), reason: 'y'.repeat(300) })
    builder.skip({ entry: 'x'.repeat(101), reason: 'y'.repeat(301) })
    expect(builder.listing.skipped.first).toEqual([
      { entry: 'x'.repeat(100), reason: 'y'.repeat(300) },
      { entry: `${'x'.repeat(100)}…`, reason: `${'y'.repeat(300)}…` },
    ])
  })

  test('beyond 50,000 members are left out', () => {
    const items = Array.from({ length: 50_001 }, (_, index) => `http://10.0.${index >> 8}.${index & 255}`)
    const { turns, listings } = reading(items)
    while (turns.length > 0) turns.shift()?.()
    expect([listings[0]?.members.length, listings[0]?.skipped.first]).toEqual([
      50_000,
      [{ entry: '[50000]', reason: 'is one of more than 50000' }],
    ])
  })
})

describe('lists that come one after the other', () => {
  function readingLists() {
    const turns: (() => void)[] = []
    const told: (string | undefined)[] = []
    const clock = { soon: (task: () => void) => void turns.push(task) }
    const reader = listReader({ clock, readMember }, ({ members }) => void told.push(members[0]?.id))
    const takeTurns = (most: number): void => {
      for (let turn = 0; turn < most; turn++) turns.shift()?.()
    }
    return { reader, told, takeTurns }
  }
  /** Read in three turns. */
  const listOf = (host: string) => Array.from({ length: 250 }, (_, index) => `http://${host}:${index + 1}`)

  test('are read each to its end, however fast they come, and then the newest', () => {
    const { reader, told, takeTurns } = readingLists()
    for (const host of ['a', 'b', 'c', 'd', 'e']) {
      reader.read(listOf(host))
      takeTurns(1)
    }
    expect(told).toEqual(['a:1', 'b:1'])
    takeTurns(9)
    expect(told).toEqual(['a:1', 'b:1', 'd:1', 'e:1'])
  })

  test('are told no more once that is stopped, and another is read at once', () => {
    const { reader, told, takeTurns } = readingLists()
    reader.read(listOf('a'))
    reader.read(listOf('b'))
    reader.stop()
    reader.read(['http://c'])
    takeTurns(9)
    expect(told).toEqual(['c:80'])
  })
})
