import { describe, expect, test } from 'bun:test'
import { readUsers, usersOf } from '../../../core/admission/user-list.ts'
import { Secret } from '../../../core/secrets.ts'

const hash = (letter: string): string => `$2y$05$${letter.repeat(53)}`
const read = (text: string) => readUsers({ path: '/etc/users', text, pause: async () => undefined })
const shown = (users: ReadonlyMap<string, Secret>) => [...users].map(([name, found]) => [name, found.reveal().at(-1)])

describe('a file of users', () => {
  test('is read as htpasswd writes it, and the first of one name counts', async () => {
    const text = `# staff\nann:${hash('a')}\r\nbob:${hash('b')}\n\nann:${hash('c')}\n`
    expect(shown(await read(text))).toEqual([
      ['ann', 'a'],
      ['bob', 'b'],
    ])
  })

  test('that is empty has none', async () => {
    expect(shown(await read('# nobody\n'))).toEqual([])
  })

  test('is told its faulty lines without what they hold', async () => {
    const text = `ann:${hash('a')}\nbob\n:${hash('b')}\ncid:secret\ndan:$apr1$salt$secret\neve:$2y$31$${'s'.repeat(53)}\n`
    const message = await read(text).then(String, (error) => error.message)
    const usable =
      'a bcrypt hash ("$2y$…", "$2b$…") or an argon2id hash ("$argon2id$…"): `htpasswd -nB name` writes one'
    expect(message.split('\n')).toEqual([
      '/etc/users:2:1: must be a name, a colon and the hash of a password',
      '/etc/users:3:1: must be a name, a colon and the hash of a password',
      `/etc/users:4:1: must have behind its name ${usable}`,
      `/etc/users:5:1: must have behind its name ${usable}`,
      '/etc/users:6:1: must have behind its name a bcrypt hash of a cost from 4 to 15',
    ])
  })
})

describe('users of the config', () => {
  test('count before those of a file', () => {
    const own = [{ name: 'ann', hash: new Secret('own a') }]
    const more = new Map([
      ['ann', new Secret('more b')],
      ['bob', new Secret('more c')],
    ])
    expect(shown(usersOf(own, more))).toEqual([
      ['ann', 'a'],
      ['bob', 'c'],
    ])
  })
})
