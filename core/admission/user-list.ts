/** Users and the hashes of their passwords: of the config, and of files as `htpasswd -B` keeps them. */
import { Secret } from '../secrets.ts'
import type { Users } from './basic-auth.ts'
import { type ReadLines, readLines } from './line-file.ts'
import { readPasswordHash, userName } from './password-hash.ts'
import type { User } from './policy.ts'

/** Of several with one name the first counts, as in an htpasswd file. */
export function usersOf(users: readonly User[], more: Users = new Map()): Users {
  const all = new Map<string, Secret>()
  for (const { name, hash } of users) if (!all.has(name)) all.set(name, hash)
  for (const [name, hash] of more) if (!all.has(name)) all.set(name, hash)
  return all
}

/** `name:hash` a line. Rejects naming the first line that is none, without what it holds. */
export async function readUsers(file: ReadLines): Promise<Users> {
  const users: User[] = []
  await readLines(file, (line) => users.push(readUser(line)))
  return usersOf(users)
}

function readUser(line: string): User {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  if (!userName.test(name)) throw new Error('must be a name, a colon and the hash of a password')
  const text = line.slice(colon + 1)
  const read = readPasswordHash(text)
  if (read.kind === 'fault') throw new Error(`must have behind its name ${read.rule}`)
  return { name, hash: new Secret(text) }
}
