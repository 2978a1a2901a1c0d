import { describe, expect, test } from 'bun:test'
import { verifyPassword } from '../../../core/runtime/access-parts.ts'

/** `htpasswd -nbB -C 4 x PASSWORD`, of 80 times `a`. */
const LONG = '$2y$04$H76liBr7YlN8O66dDJ5bp.MQ5/KorgBjvn78h/p86VyG3FR8bB7eq'

describe('a password', () => {
  const bytes = (text: string) => Buffer.from(text)

  test('is checked by bcrypt as htpasswd makes it, by its first 72 bytes', async () => {
    const verified = ['a'.repeat(80), 'a'.repeat(72), 'a'.repeat(71), ''].map((text) =>
      verifyPassword(bytes(text), LONG),
    )
    expect(await Promise.all(verified)).toEqual([true, true, false, false])
  })

  test('is checked whole by argon2id', async () => {
    const hash = await Bun.password.hash('a'.repeat(80), { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 })
    const verified = ['a'.repeat(80), 'a'.repeat(72)].map((text) => verifyPassword(bytes(text), hash))
    expect(await Promise.all(verified)).toEqual([true, false])
  })
})
