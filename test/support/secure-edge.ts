/** An edge with one certificate for a.test, signed by an authority of its own, and a backend that answers. */
import type { TlsPolicy } from '../../core/tls/policy.ts'
import { createAuthority } from './authority.ts'
import { startTestEdge } from './edge.ts'
import { answering, ok, startRawBackend } from './raw-backend.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { save, tlsListener, tlsPolicy } from './tls.ts'

/** Whom clients trust, and who signs what edges show. */
export const root = createAuthority()
export const authority = root.below('Test Intermediate')

/** The backend answers everything with `answer`. */
export async function securely(overrides: Partial<TlsPolicy> = {}, answer = ok('hello')) {
  const backend = startRawBackend({ answer: answering(answer) })
  const shown = authority.issue({ names: ['a.test'] })
  const folder = temporaryFolder()
  const files = save(folder, 'a', shown)
  const listeners = [tlsListener(tlsPolicy([files], overrides))]
  const edge = await startTestEdge([backend.port], { config: { listeners } })
  return {
    edge,
    backend,
    shown,
    files,
    folder,
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}
