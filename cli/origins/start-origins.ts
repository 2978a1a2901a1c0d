/** Starts test backends, all of them or none: what `origins` and `demo` share. */
import { type Profile, startBackend, type TestBackend } from '../../bench/backend.ts'
import { formatAddress } from '../../core/address.ts'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'

export interface OriginSpec {
  readonly host: string
  readonly port: number
  readonly profile: Profile
}

/** A taken port and the like, in one line for people. */
export class OriginError extends Error {
  override readonly name = 'OriginError'
}

/** All of them or none: throws an `OriginError` that names the address which cannot be had. */
export async function startOrigins(specs: readonly OriginSpec[]): Promise<TestBackend[]> {
  const started: TestBackend[] = []
  for (const spec of specs) {
    try {
      started.push(startBackend({ ...spec, clock: systemClock, random: systemRandom }))
    } catch (error) {
      await Promise.all(started.map((backend) => backend.stop()))
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      const reason = taken ? 'already in use' : String(error)
      throw new OriginError(`a test backend cannot listen on ${formatAddress({ kind: 'tcp', ...spec })}: ${reason}`, {
        cause: error,
      })
    }
  }
  return started
}
