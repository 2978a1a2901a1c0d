import { describe, expect, test } from 'bun:test'
import type { Plan } from '../../../core/clients/contract.ts'
import { Directory } from '../../../core/clients/directory.ts'
import { keep, makeId, makeKey } from '../../../core/clients/keys.ts'
import type { StoredClient } from '../../../core/clients/statements.ts'

const clientOf = (id: string, key: string, fields: Partial<StoredClient> = {}): StoredClient => ({
  id,
  name: id,
  plan: undefined,
  rate: undefined,
  burst: undefined,
  note: '',
  isEnabled: true,
  validUntil: undefined,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
  ...keep(key),
  ...fields,
})

const empty = (): Directory => new Directory(() => ({ kind: 'up', ageMs: 0 }))

function fill(directory: Directory, clients: readonly StoredClient[], plans: readonly Plan[] = []): void {
  const replacement = directory.replace()
  replacement.put(clients)
  replacement.commit(plans)
}

describe('a key', () => {
  test('is of 256 random bits, and another one each time', () => {
    const keys = Array.from({ length: 1000 }, makeKey)
    expect(new Set(keys).size).toBe(1000)
    for (const key of keys) {
      expect(key).toMatch(/^sek_[A-Za-z0-9_-]{43}$/)
      expect(Buffer.from(key.slice(4), 'base64url')).toHaveLength(32)
    }
  })

  test('is kept as its SHA-256 and its first 12 characters', () => {
    const { keyHash, keyPrefix } = keep('sek_0123456789')
    expect(keyHash).toBe(new Bun.CryptoHasher('sha256').update('sek_0123456789').digest('hex'))
    expect(keyPrefix).toBe('sek_01234567')
  })

  test('of a client that has none of its own: an id that may stand in a path', () => {
    expect(makeId()).toMatch(/^c-[0-9a-f]{16}$/)
  })
})

describe('a look-up', () => {
  const key = makeKey()
  const directory = empty()
  fill(directory, [clientOf('ann', key)])

  test('finds the client of a key, and does not show the hash', () => {
    expect(directory.byKey(key)).toBe(directory.byId('ann'))
    expect(JSON.stringify(directory.byKey(key))).not.toContain(keep(key).keyHash)
  })

  const strangers = [
    '',
    'sek_',
    key.slice(0, -1),
    `${key}a`,
    key.toUpperCase(),
    ` ${key}`,
    'x'.repeat(47),
    'x'.repeat(1e6),
  ]
  for (const stranger of [...strangers, '\u0000'.repeat(47), `sek_${'🎈'.repeat(43)}`, keep(key).keyHash]) {
    test(`finds nobody for ${JSON.stringify(stranger.slice(0, 60))}`, () => {
      expect(directory.byKey(stranger)).toBeUndefined()
    })
  }

  test('finds nobody by what objects inherit', () => {
    for (const id of ['__proto__', 'constructor', 'toString']) expect(directory.byId(id)).toBeUndefined()
  })
})

describe('an update', () => {
  const [one, two] = [makeKey(), makeKey()]

  test('takes a key from one client and gives it to another, in whatever order', () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const directory = empty()
      fill(directory, [clientOf('a', one), clientOf('b', two)])
      const clients = order.map((id) => clientOf(id, id === 'a' ? two : one))
      directory.update({ clients, plans: [] }, order)
      expect([directory.byKey(one)?.id, directory.byKey(two)?.id]).toEqual(['b', 'a'])
    }
  })

  test('leaves a key to whom it has gone, when its former client is dropped behind that', () => {
    const directory = empty()
    fill(directory, [clientOf('a', one)])
    directory.update({ clients: [clientOf('b', one)], plans: [] }, ['b'])
    directory.update({ clients: [], plans: [] }, ['a'])
    expect(directory.byKey(one)?.id).toBe('b')
  })

  test('drops those that are no more, and knows of no other', () => {
    const directory = empty()
    fill(directory, [clientOf('a', one), clientOf('b', two)])
    directory.update({ clients: [], plans: [] }, ['a', 'none'])
    expect(directory.list({ limit: 10 }).clients.map(({ id }) => id)).toEqual(['b'])
    expect(directory.byKey(one)).toBeUndefined()
  })

  test('is told to those that asked, until they do no more', () => {
    const directory = empty()
    let told = 0
    const cancel = directory.onChange(() => (told += 1))
    fill(directory, [])
    directory.update({ clients: [], plans: [] }, [])
    cancel()
    cancel()
    fill(directory, [])
    expect(told).toBe(2)
  })
})

test('the limits of a client are its own, each for itself, else those of its plan', () => {
  const directory = empty()
  const [own, common] = [
    { count: 1, perMs: 1000 },
    { count: 2, perMs: 1000 },
  ]
  const plan = { name: 'gold', rate: common, burst: 20, revision: 1, createdAt: 0, updatedAt: 0 }
  fill(directory, [], [plan])
  const limits = (fields: Partial<StoredClient>) => directory.limitOf(clientOf('a', 'k', fields))
  expect(limits({})).toEqual({ rate: undefined, burst: undefined })
  expect(limits({ plan: 'gold' })).toEqual({ rate: common, burst: 20 })
  expect(limits({ plan: 'gold', rate: own })).toEqual({ rate: own, burst: 20 })
  expect(limits({ plan: 'gold', burst: 5 })).toEqual({ rate: common, burst: 5 })
  expect(limits({ plan: 'none', rate: own, burst: 5 })).toEqual({ rate: own, burst: 5 })
})
