/** `smartedge top` beside a balancer, in the terminal of both: a process of its own, as drawing must not delay requests. */
import type { SocketAddress } from '../../core/address.ts'
import { urlOf } from '../text/reachable.ts'
import { ownCommand } from '../process/own-command.ts'

export interface Dashboard {
  /** Resolves to its exit code: 0 when it has been left, another when it failed or could not begin. */
  readonly ended: Promise<number>
  /** Ends it; resolves when the terminal has been given back. */
  stop(): Promise<void>
}

export interface AdminPlace {
  readonly address: SocketAddress
  readonly token: string | undefined
}

export function startDashboard({ address, token }: AdminPlace): Dashboard {
  const child = Bun.spawn(ownCommand('top', '--url', urlOf(address)), {
    stdio: ['inherit', 'inherit', 'inherit'],
    // Not as an option, which every user of the machine could read.
    env: { ...process.env, ...(token !== undefined && { SMARTEDGE_ADMIN_TOKEN: token }) },
  })
  return {
    ended: child.exited,
    async stop() {
      child.kill('SIGTERM')
      await child.exited
    },
  }
}
