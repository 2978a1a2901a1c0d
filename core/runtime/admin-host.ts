/** Where the admin API listens now: opened beside the old one, which goes when the new one counts. */
import { formatAddress, type SocketAddress } from '../address.ts'
import { type AdminServer, startAdmin } from '../admin/server.ts'
import type { AdminSource } from '../admin/source.ts'
import type { Clock } from '../clock.ts'
import type { AdminConfig } from '../config/config.ts'
import type { Emit } from '../observe/events.ts'

export interface AdminHost {
  /** With the real port where 0 was asked for; undefined: there is no admin API. */
  readonly address: SocketAddress | undefined
  /** Opens what `next` asks for, if that is elsewhere. Rejects with StartError, and nothing has changed then. */
  prepare(next: AdminConfig | undefined): Promise<AdminMove>
  /** Ends it at once. */
  stop(): void
}

/** Exactly one of the two is to be called. */
export interface AdminMove {
  commit(): void
  abandon(): void
}

/** Who asked for the move asked through the old one, and still gets the answer. */
const graceMs = 1000

export function createAdminHost(source: AdminSource, emit: Emit, clock: Clock): AdminHost {
  let running: { readonly configured: SocketAddress; readonly server: AdminServer } | undefined

  function retire(): void {
    const old = running?.server
    old?.close()
    clock.after(graceMs, () => void old?.stop())
  }

  return {
    get address() {
      return running?.server.address
    },
    async prepare(next) {
      const { server } = running ?? {}
      if (next === undefined) {
        const commit = (): void => {
          retire()
          running = undefined
        }
        return { commit, abandon: () => undefined }
      }
      if (server !== undefined && Bun.deepEquals(running?.configured, next.address))
        return { commit: () => server.setToken(next.token), abandon: () => undefined }
      const opened = await startAdmin({ ...next, source })
      return {
        commit() {
          retire()
          running = { configured: next.address, server: opened }
          emit({ kind: 'admin-listening', address: formatAddress(opened.address) })
        },
        abandon: () => void opened.stop(),
      }
    },
    stop: () => void running?.server.stop(),
  }
}
