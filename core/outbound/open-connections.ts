/**
 * The connections to one backend, whatever they speak: those that are open, and those that have yet to close; what they take of
 * descriptors and counters, and where the backend's name leads. Which of them a request gets is its pool's business.
 */
import type { SocketAddress } from '../address.ts'
import type { Cancel } from '../clock.ts'
import type { Name } from '../names/name.ts'
import type { NameTable } from '../names/resolver.ts'
import type { DescriptorBudget, Idle } from '../net/budget.ts'
import type { Dial } from '../net/dial.ts'
import { LinkedList, type Place } from '../net/linked-list.ts'
import type { Opening } from '../net/opening.ts'
import type { Wire } from '../net/wire.ts'

/** One of them. `discard`: also of one that only waits for its backend to close. */
export interface Pooled<Self> extends Idle {
  readonly wire: Wire
  readonly inPool: Place<Self>
  readonly inBudget: Place<Idle>
}

/** Of the backend. */
export interface ConnectionCounters {
  /** Open or being opened, idle ones included. */
  connections: number
  /** Of these, in HTTP/2. */
  http2Connections: number
  bytesToBackend: number
  bytesFromBackend: number
}

export interface OpenConnectionsOptions {
  readonly address: SocketAddress
  readonly counters: ConnectionCounters
  readonly dial: Dial
  readonly names: NameTable
  readonly budget: DescriptorBudget
  /** Told when `hasRoom` of the pool has become another. */
  readonly onRoomChange: () => void
  /** Told when one of them has gone; absent: nobody wants to know. */
  readonly onGone?: () => void
}

export class OpenConnections<Connection extends Pooled<Connection>> {
  /** Open or being opened, and of use, oldest first. */
  readonly open = new Set<Connection>()
  private readonly options: OpenConnectionsOptions
  private readonly onMoved: () => void
  /** Of no use any more, and not yet closed. */
  private readonly leaving = new LinkedList<Connection>()
  /** What is known of the backend's host; undefined: it needs no look-up. */
  private readonly name: Name | undefined
  private unwatch: Cancel | undefined = undefined
  /** Whether there was room when that was last told. */
  private toldRoom = true

  /** `onMoved`: the backend's name may lead elsewhere now. */
  constructor(options: OpenConnectionsOptions, onMoved: () => void) {
    const { address, names } = options
    this.options = options
    this.onMoved = onMoved
    this.name = address.kind === 'tcp' ? names.name(address.host) : undefined
  }

  get size(): number {
    return this.open.size
  }

  /** Opens one, for which a descriptor has been taken. */
  begin(connection: Connection, connectMs: number, opening?: Opening): void {
    const { address, dial } = this.options
    this.take(connection)
    dial(address, connection.wire, connectMs, opening)
  }

  /** It is one of these from now on, and so is its descriptor. */
  take(connection: Connection): void {
    this.open.add(connection)
    // Beside those of another protocol.
    this.options.counters.connections += 1
    // Where nobody connects any more, since all is kept alive, a name that moves would not be noticed.
    this.unwatch ??= this.name?.watch(this.onMoved)
  }

  /** It is another's from now on, and so is its descriptor. */
  release(connection: Connection): void {
    connection.inPool.leave()
    if (this.open.delete(connection)) this.options.counters.connections -= 1
    this.unwatchIfEmpty()
  }

  /** It is gone, or of no use any more. */
  gone(connection: Connection): void {
    const { counters, budget } = this.options
    if (this.open.delete(connection)) counters.connections -= 1
    connection.inPool.leave()
    connection.inBudget.leave()
    if (connection.wire.socket !== undefined) {
      this.leaving.append(connection.inPool)
      budget.leaving.append(connection.inBudget)
    }
    this.unwatchIfEmpty()
    this.options.onGone?.()
  }

  /** Its descriptor is free. */
  closed(connection: Connection): void {
    connection.inPool.leave()
    connection.inBudget.leave()
    this.options.budget.give()
  }

  /** Nobody waits for a backend to close any more. */
  dropLeaving(): void {
    discardAll(this.leaving)
  }

  /** The backend's name leads elsewhere now. */
  hasMoved({ wire }: Connection): boolean {
    return wire.resolvedAddress !== undefined && this.name?.hasLeft(wire.resolvedAddress) === true
  }

  private unwatchIfEmpty(): void {
    if (this.size > 0) return
    this.unwatch?.()
    this.unwatch = undefined
  }

  /** Without a cap there is always room, and nothing to tell. */
  tellRoom(hasRoom: boolean): void {
    if (hasRoom === this.toldRoom) return
    this.toldRoom = hasRoom
    this.options.onRoomChange()
  }
}

export function discardAll<Connection extends Idle>(
  list: LinkedList<Connection>,
  isMeant: (connection: Connection) => boolean = () => true,
): void {
  for (let place = list.first; place !== undefined;) {
    const { owner, next } = place
    if (isMeant(owner)) owner.discard()
    place = next
  }
}
