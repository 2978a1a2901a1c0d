/** An admin API on a real socket, which a test may ask and which ends with it. */
import { onTestFinished } from 'bun:test'
import type { SocketAddress } from '../../core/address.ts'
import {
  type AdminServer,
  type AdminServerOptions,
  type AdminSurroundings,
  startAdmin,
} from '../../core/admin/server.ts'
import { systemClock } from '../../core/clock.ts'
import { createTurns } from '../../core/inbound/turns.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import { fakeAdminSource } from './admin-source.ts'
import { systemTransport } from './transports.ts'

/** Any free port of loopback. */
export const anyPort: SocketAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 }

/** What it takes of the process around it. Faults of ours fail the test. */
export function adminSurroundings(given: Partial<AdminSurroundings> = {}): AdminSurroundings {
  const faults: unknown[] = []
  onTestFinished(() => {
    if (faults.length > 0) throw faults[0]
  })
  const { clock = systemClock, reportFault = (error: unknown): void => void faults.push(error) } = given
  const [wheel, turns] = [new TimerWheel(clock, reportFault), createTurns(clock, reportFault)]
  return { clock, wheel, turns, transport: systemTransport, reportFault, maxConnections: 64, ...given }
}

export interface AdminServerSetup extends Partial<Omit<AdminServerOptions, 'surroundings'>> {
  readonly surroundings?: Partial<AdminSurroundings>
}

/** Open to everybody unless `setup` says otherwise. */
export async function adminServer(setup: AdminServerSetup = {}): Promise<AdminServer> {
  const server = startAdmin({
    address: anyPort,
    token: undefined,
    open: setup.token === undefined,
    source: fakeAdminSource(),
    ...setup,
    surroundings: adminSurroundings(setup.surroundings),
  })
  onTestFinished(() => server.stop())
  return server
}

/** `http://127.0.0.1:PORT/path`. */
export const urlOf = ({ address }: AdminServer, path = ''): string =>
  address.kind === 'tcp' ? `http://${address.host}:${address.port}${path}` : path

export const portOf = ({ address }: AdminServer): number => (address.kind === 'tcp' ? address.port : 0)
