/** What rules of access have in common and keep over reloads: what files hold, passwords that were checked, who clients are. */
import { availableParallelism } from 'node:os'
import type { AccessParts } from '../admission/access.ts'
import { PasswordChecks } from '../admission/password-checks.ts'
import { inEvent } from '../net/event.ts'
import type { AccessFiles } from './access-files.ts'
import type { Ground } from './ground.ts'

/** Half of the processors: the others go on serving while passwords are guessed. */
const passwordThreads = (): number => Math.max(1, Math.floor(availableParallelism() / 2))

/** Bun hashes what is longer before bcrypt does; htpasswd and all others go by the first 72 bytes, as bcrypt is defined. */
const BCRYPT_BYTES = 72

export const verifyPassword = (password: Uint8Array, hash: string): Promise<boolean> =>
  Bun.password.verify(hash.startsWith('$2') ? password.subarray(0, BCRYPT_BYTES) : password, hash)

type Directory = ReturnType<AccessParts['directory']>

/** For who has no database of clients: nobody is known, and nobody will be. */
const NO_CLIENTS: Directory = {
  freshness: { kind: 'unknown', reason: 'there is no database of clients' },
  byKey: () => undefined,
}

export function createAccessParts(
  { clock, reportFault }: Pick<Ground, 'clock' | 'reportFault'>,
  files: AccessFiles,
  clients: () => Directory | undefined,
): AccessParts {
  const checks = new PasswordChecks({
    now: () => clock.now(),
    atOnce: passwordThreads(),
    verify: verifyPassword,
    inEvent: (task) => inEvent(reportFault, task),
    reportFault,
  })
  return {
    addresses: (path) => files.addresses(path),
    users: (path) => files.users(path),
    checks,
    directory: () => clients() ?? NO_CLIENTS,
    wallTime: () => clock.wallTime(),
  }
}
