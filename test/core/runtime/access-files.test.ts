import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccessPolicy } from '../../../core/admission/policy.ts'
import { systemClock } from '../../../core/clock.ts'
import type { Config } from '../../../core/config/config.ts'
import { Refusal } from '../../../core/part.ts'
import { AccessFiles } from '../../../core/runtime/access-files.ts'
import { anyRequest, testConfig } from '../../support/edge.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smartedge-lists-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (name = 'a.txt'): string => join(folder, name)
const save = (text: string, name?: string): void => writeFileSync(file(name), text)

const config = (...all: readonly AccessPolicy[]): Config =>
  testConfig({ routes: all.map((access) => ({ match: anyRequest, pool: 'web', priority: 5, access })) })
const denying = (denyFile: string): AccessPolicy => ({
  addresses: { allow: undefined, deny: [], allowFile: undefined, denyFile },
})
const users = (usersFile: string): AccessPolicy => ({ basic: { realm: 'a', users: [], usersFile, hide: false } })

const key = 'routes[0].access.addresses.denyFile'

/** What a config is refused for. */
const refusal = (files: AccessFiles, wanted: Config): Promise<unknown> =>
  files.prepare(wanted).then(
    () => 'none',
    (error) => (error instanceof Refusal ? error.problems : error),
  )

/** Lists that are in force, of a text. */
async function listing(text: string) {
  save(text)
  const files = new AccessFiles(systemClock)
  const wanted = config(denying(file()))
  const first = await files.prepare(wanted)
  first.commit()
  const has = (address: string): boolean => files.addresses(file()).has(address)
  return { files, wanted, has, look: () => files.prepare(wanted) }
}

describe('files of access', () => {
  test('are read before they count, and again when they have changed', async () => {
    const { look, has } = await listing('192.0.2.1\n')
    expect([has('192.0.2.1'), has('192.0.2.2')]).toEqual([true, false])
    expect((await look()).isNews).toBe(false)
    save('192.0.2.2\n# another\n')
    const move = await look()
    expect([move.isNews, move.news, has('192.0.2.2')]).toEqual([true, [`${key} read anew`], false])
    move.commit()
    expect([has('192.0.2.1'), has('192.0.2.2')]).toEqual([false, true])
  })

  test('that were to count and do not are read anew the next time', async () => {
    const { look, has } = await listing('192.0.2.1\n')
    save('192.0.2.2\n# another\n')
    for (const end of ['abandon', 'commit'] as const) {
      const move = await look()
      expect([move.isNews, has('192.0.2.2')]).toEqual([true, false])
      move[end]()
    }
    expect(has('192.0.2.2')).toBe(true)
  })

  test.each([
    ['a faulty line', () => save('192.0.2.2\nnonsense\n'), ':2:1: "nonsense" must be an IP address or a CIDR block'],
    ['no text', () => save('192.0.2.2\0\n'), ':1:1: "192.0.2.2'],
    ['bytes that are no UTF-8', () => writeFileSync(file(), Buffer.from([0x31, 0xff, 0x0a])), 'must be'],
    ['nothing there', () => rmSync(file()), 'must name a file that exists'],
    ['a folder', () => (rmSync(file()), mkdirSync(file())), 'must be a file, this is a folder'],
    ['100 MB', () => truncateSync(file(), 100_000_000), 'must be at most 4 MiB'],
  ])('that come to %s leave what they held in force, and are told of', async (_title, spoil, problem) => {
    const { look, has, files, wanted } = await listing('192.0.2.1\n')
    spoil()
    for (let again = 0; again < 2; again += 1) {
      const move = await look()
      expect([move.isNews, move.kept?.map((one) => one.key)]).toEqual([false, [key]])
      expect(move.kept?.[0]?.message).toContain(problem)
      move.abandon()
      expect(has('192.0.2.1')).toBe(true)
    }
    // Whoever has nothing to go on with can't begin.
    expect(await refusal(new AccessFiles(systemClock), wanted)).toMatchObject([{ key }])
    rmSync(file(), { recursive: true, force: true })
    save('192.0.2.3\n# good again\n')
    const mended = await files.prepare(wanted)
    mended.commit()
    expect([mended.isNews, mended.kept, has('192.0.2.3')]).toEqual([true, undefined, true])
  })

  test('that are bad are not read again while they stay so', async () => {
    let pauses = 0
    const clock = { soon: (task: () => void) => ((pauses += 1), systemClock.soon(task)) }
    const files = new AccessFiles(clock)
    save('192.0.2.1\n')
    const first = await files.prepare(config(denying(file())))
    first.commit()
    save(`${'192.0.2.1\n'.repeat(2000)}nonsense\n`)
    for (let again = 0; again < 3; again += 1)
      expect((await files.prepare(config(denying(file()), denying(file())))).kept).toHaveLength(2)
    expect(pauses).toBe(1)
  })

  test('are told of each fault at once', async () => {
    save('nonsense\n', 'b.txt')
    save('ann\n', 'users')
    const files = new AccessFiles(systemClock)
    const problems = await refusal(files, config(denying(file('b.txt')), users(file('users')), denying(file('gone'))))
    expect(problems).toMatchObject([
      { key, message: `${file('b.txt')}:1:1: "nonsense" must be an IP address or a CIDR block` },
      { key: 'routes[2].access.addresses.denyFile', message: 'must name a file that exists' },
      {
        key: 'routes[1].access.basic.usersFile',
        message: `${file('users')}:1:1: must be a name, a colon and the hash of a password`,
      },
    ])
  })

  test('of several routes are read once', async () => {
    let pauses = 0
    const files = new AccessFiles({ soon: (task) => ((pauses += 1), systemClock.soon(task)) })
    save('192.0.2.1\n'.repeat(2001))
    const move = await files.prepare(config(denying(file()), denying(file())))
    move.commit()
    expect([pauses, files.addresses(file()).has('192.0.2.1')]).toEqual([1, true])
  })

  test('of users are read as such', async () => {
    save(`ann:$2y$05$${'a'.repeat(53)}\n`)
    const files = new AccessFiles(systemClock)
    const move = await files.prepare(config(users(file())))
    move.commit()
    expect([...files.users(file()).keys()]).toEqual(['ann'])
    expect(() => files.addresses(file())).toThrow('is read by no config in force')
  })

  test('that no rule names any more are forgotten', async () => {
    const { files, has } = await listing('192.0.2.1\n')
    const without = await files.prepare(config())
    without.commit()
    expect(() => has('192.0.2.1')).toThrow('is read by no config in force')
  })

  test('may have a hundred thousand lines, and let others go on meanwhile', async () => {
    save(
      Array.from({ length: 100_000 }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}\n`).join(
        '',
      ),
    )
    let turns = 0
    const files = new AccessFiles({
      soon(task) {
        turns += 1
        systemClock.soon(task)
      },
    })
    const move = await files.prepare(config(denying(file())))
    move.commit()
    const set = files.addresses(file())
    expect([turns, set.has('10.1.134.159'), set.has('10.1.134.160')]).toEqual([49, true, false])
  })
})
