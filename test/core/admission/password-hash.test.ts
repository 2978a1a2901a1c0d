import { describe, expect, test } from 'bun:test'
import { readPasswordHash, userName } from '../../../core/admission/password-hash.ts'

const salted = 'N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
const argon = (params: string) => `$argon2id$v=19$${params}$c29tZXNhbHQxMjM0NQ$${'A'.repeat(43)}`

describe('a hash of a password', () => {
  test.each([
    `$2y$05$${salted}`,
    `$2b$10$${salted}`,
    `$2a$15$${salted}`,
    argon('m=65536,t=2,p=1'),
    argon('m=262144,t=16,p=4'),
  ])('is %s', (text) => {
    expect(readPasswordHash(text)).toEqual({ kind: 'hash' })
  })

  test('is what Bun makes', async () => {
    const hashes = await Promise.all([
      Bun.password.hash('a', { algorithm: 'bcrypt', cost: 4 }),
      Bun.password.hash('a', { algorithm: 'argon2id', memoryCost: 8, timeCost: 2 }),
    ])
    expect(hashes.map((hash) => readPasswordHash(hash).kind)).toEqual(['hash', 'hash'])
  })

  test.each([
    ['', 'a bcrypt hash ('],
    ['secret', 'a bcrypt hash ('],
    ['$apr1$rn4h5jLR$jWcRi3LXUNFsHiiqVE0jF0', 'a bcrypt hash ('],
    ['{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'a bcrypt hash ('],
    [`$2x$10$${salted}`, 'a bcrypt hash ('],
    [`$2b$10$${salted}x`, 'a bcrypt hash ('],
    [`$2b$10$${salted.slice(1)}`, 'a bcrypt hash ('],
    [`$2b$10$${salted}\n`, 'a bcrypt hash ('],
    [`$2b$03$${salted}`, 'a bcrypt hash of a cost from 4 to 15'],
    [`$2b$16$${salted}`, 'a bcrypt hash of a cost from 4 to 15'],
    [`$2b$31$${salted}`, 'a bcrypt hash of a cost from 4 to 15'],
    [argon('m=262145,t=2,p=1'), 'an argon2id hash of at most m=262144 and t=16'],
    [argon('m=65536,t=17,p=1'), 'an argon2id hash of at most m=262144 and t=16'],
    [argon('m=65536,t=0,p=1'), 'an argon2id hash of at most'],
    [argon('m=65536,t=2,p=0'), 'an argon2id hash of at most'],
    [argon('m=65536,t=2,p=1').replace('2id', '2i'), 'a bcrypt hash ('],
    ['$'.repeat(100_000), 'a bcrypt hash ('],
  ])('is not %.60p', (text, rule) => {
    const read = readPasswordHash(text)
    expect(read.kind === 'fault' && read.rule.startsWith(rule)).toBe(true)
  })
})

describe('the name of a user', () => {
  test.each([
    ['ann', true],
    ['ann lee', true],
    ['ännchen@例.example', true],
    ['', false],
    ['a:b', false],
    ['a\nb', false],
    ['a'.repeat(256), false],
  ])('may be %.20p: %p', (name, isOne) => {
    expect(userName.test(name)).toBe(isOne)
  })
})
