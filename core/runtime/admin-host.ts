/** The admin API, as a part: opened elsewhere beside the old one, which goes when the new one counts; kept where it is otherwise. */
import { formatAddress, type SocketAddress } from '../address.ts'
import { type AdminServer, type AdminSurroundings, startAdmin } from '../admin/server.ts'
import type { AdminSource } from '../admin/source.ts'
import type { AdminConfig, Config } from '../config/config.ts'
import { removeStaleSocket } from '../net/stale-socket.ts'
import type { Emit } from '../observe/events.ts'
import { asRefusal, type Move, NO_MOVE, type Part } from '../part.ts'
import type { Secret } from '../secrets.ts'
import type { Addresses, Holder } from './addresses.ts'

export interface AdminHostServices {
  readonly addresses: Addresses
  readonly source: AdminSource
  readonly emit: Emit
  readonly surroundings: AdminSurroundings
}

/** Who asked for the move asked through the old one, and still gets the answer. */
const graceMs = 1000

export class AdminHost implements Part<Config> {
  private readonly services: AdminHostServices
  private running: AdminDoor | undefined = undefined

  constructor(services: AdminHostServices) {
    this.services = services
  }

  /** With the real port where 0 was asked for; undefined: there is no admin API. */
  get address(): SocketAddress | undefined {
    return this.running?.server.address
  }

  /** What whoever asks it for changes has to know now; undefined: nothing, or there is no admin API. */
  get token(): Secret | undefined {
    return this.running?.server.token
  }

  async prepare(config: Config): Promise<Move> {
    const { admin: next } = config
    const { running } = this
    if (next === undefined) return { ...NO_MOVE, commit: () => this.take(undefined) }
    if (running?.isWantedBy(config) === true) return { ...NO_MOVE, commit: () => running.server.setAccess(next) }
    const { holder, abandon } = await this.open(next, config)
    return { ...NO_MOVE, commit: () => this.take(holder), abandon }
  }

  /** Ends it at once. */
  stop(): void {
    this.running?.server.stop()
  }

  private async open(next: AdminConfig, config: Config) {
    const { addresses, source, surroundings } = this.services
    if (next.address.kind === 'unix') await removeStaleSocket(next.address.path)
    const open = (): AdminDoor => new AdminDoor(next.address, startAdmin({ ...next, source, surroundings }))
    try {
      const { holder, abandon } = await addresses.take(next.address, config, open)
      const end = (): void => {
        abandon()
        holder.server.stop()
      }
      return { holder, abandon: end }
    } catch (error) {
      throw asRefusal(error, 'admin.address')
    }
  }

  private take(next: AdminDoor | undefined): void {
    const { addresses, emit, surroundings } = this.services
    const { running: old } = this
    this.running = next
    if (old !== undefined) {
      addresses.release(old)
      surroundings.clock.after(graceMs, () => old.server.stop())
    }
    if (next === undefined) return
    const { bound, ownToken } = next.server
    emit({ kind: 'admin-listening', address: bound.map(formatAddress).join(', '), ownToken })
  }
}

class AdminDoor implements Holder {
  onAccepted: (() => void) | undefined = undefined
  readonly title = 'admin API'
  readonly server: AdminServer
  private readonly configured: SocketAddress
  private isShut = false

  constructor(configured: SocketAddress, server: AdminServer) {
    this.configured = configured
    this.server = server
  }

  get addresses(): readonly SocketAddress[] {
    return this.isShut ? [] : this.server.bound
  }

  isWantedBy({ admin }: Config): boolean {
    return admin !== undefined && Bun.deepEquals(admin.address, this.configured)
  }

  countQueued(): number {
    return 0
  }

  keepOut(): void {}

  shut(): void {
    this.isShut = true
    this.server.close()
  }

  reopen(): void {
    this.server.reopen()
    this.isShut = false
  }
}
