/**
 * Joins two wires, after a 101 or in TCP mode: bytes pass both ways unread, with back-pressure and half-closes. Each wire's former owner
 * hears `onClose` when it has gone.
 */
import { BULK_BYTES } from './pipe.ts'
import type { Pipes } from './pipes.ts'
import type { Wire } from './wire.ts'
import type { WireOwner } from './wire-owner.ts'

export interface TunnelSide {
  readonly wire: Wire
  /** The connection that has had this wire. */
  readonly connection: WireOwner
  /** What it had already read of what now belongs to the other side. */
  readonly early: Buffer | undefined
  /** Bytes of any kind count where they counted before. */
  readonly onBytes: (length: number) => void
}

/** What passes within the kernel before a piece is looked at again, to see whether it still comes in bulk. */
const STINT_BYTES = 16 * 1024 * 1024

export interface TunnelMeans {
  /** Longest silence both ways. */
  readonly idleMs: number
  /** Absent: everything goes through our hands. */
  readonly pipes?: Pipes | undefined
  /** Called once, when the first of them has gone; `first`: that one, and whether its peer has reset it. */
  readonly onOver: (first: TunnelSide, isReset: boolean) => void
}

class TunnelEnd implements WireOwner {
  private readonly side: TunnelSide
  private readonly peer: Wire
  private readonly renew: () => void
  private readonly means: TunnelMeans

  constructor(side: TunnelSide, peer: Wire, renew: () => void, means: TunnelMeans) {
    this.side = side
    this.peer = peer
    this.renew = renew
    this.means = means
  }

  onData(bytes: Buffer): void {
    this.renew()
    this.side.onBytes(bytes.length)
    this.peer.write(bytes, 0, bytes.length)
    const { pipes } = this.means
    if (bytes.length >= BULK_BYTES && pipes !== undefined) this.side.wire.relayTo(this.peer, STINT_BYTES, pipes)
  }

  onRelayed(length: number): void {
    this.renew()
    this.side.onBytes(length)
  }

  onSent(length: number): void {
    this.side.connection.onSent(length)
  }

  onBlocked(): void {
    this.peer.pause()
  }

  onDrained(): void {
    this.renew()
    this.peer.resume()
  }

  onEnd(): void {
    this.peer.end()
    this.closeIfBothEnded()
  }

  onClose(): void {
    // After a reset the other side can't know whether it has everything: it is told by a reset, too.
    const { hasEndedBoth, isCut } = this.side.wire
    // Before the other one goes as well, which may be at once.
    this.means.onOver(this.side, !hasEndedBoth && !isCut)
    if (hasEndedBoth) this.closePeer()
    else this.peer.destroy()
    this.side.connection.onClose()
  }

  onTimeout(): void {
    this.side.wire.destroy()
  }

  /** What is kept for it goes out first, and it may take as long over that as it might have been silent. */
  private closePeer(): void {
    if (this.peer.socket === undefined) return
    this.peer.arm(this.means.idleMs)
    this.peer.close()
  }

  private closeIfBothEnded(): void {
    if (this.side.wire.hasEndedBoth) this.side.wire.close()
    if (this.peer.hasEndedBoth) this.peer.close()
  }
}

/** Joins the two. */
export function joinWires(client: TunnelSide, backend: TunnelSide, means: TunnelMeans): void {
  let isOver = false
  const onOver: TunnelMeans['onOver'] = (first, isReset) => {
    if (isOver) return
    isOver = true
    means.onOver(first, isReset)
  }
  // One time-out serves both directions: it hangs on the client's wire.
  const renew = (): void => client.wire.arm(means.idleMs)
  client.wire.owner = new TunnelEnd(client, backend.wire, renew, { ...means, onOver })
  backend.wire.owner = new TunnelEnd(backend, client.wire, renew, { ...means, onOver })
  renew()
  // Whoever was blocked before does not say so again.
  if (client.wire.isBlocked) backend.wire.pause()
  if (backend.wire.isBlocked) client.wire.pause()
  if (backend.early !== undefined) client.wire.write(backend.early, 0, backend.early.length)
  if (client.early !== undefined) backend.wire.write(client.early, 0, client.early.length)
  // Its end came before the 101 or with it, and to its former owner.
  if (client.wire.hasPeerEnded) backend.wire.end()
  if (backend.wire.hasPeerEnded) client.wire.end()
}
