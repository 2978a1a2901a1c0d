/**
 * A stream of HTTP/2 that has become a tunnel (RFC 8441), as a wire that can be joined to another: its socket is the stream,
 * whose windows take the place of the kernel's buffers, END_STREAM that of FIN, and RST_STREAM that of a reset.
 */
import { HeldBytes, takeFirst } from './held-bytes.ts'
import type { TimerWheel } from './timer-wheel.ts'
import { Wire } from './wire.ts'
import type { WireOwner } from './wire-owner.ts'
import type { WireSocket } from './wire-socket.ts'

/** The stream, as its tunnel sees it. */
export interface TunnelStream {
  /** Sends what windows and socket allow of bytes[start..end); returns how much. */
  sendNow(bytes: Buffer, start: number, end: number): number
  /** To hear `onRoom` of the tunnel when it may send again. */
  wait(): void
  /** END_STREAM. */
  endLocally(): void
  /** RST_STREAM, unless both sides have ended; `isCut`: something is lost by it. */
  resetTunnel(isCut: boolean): void
  /** So many bytes have been taken. */
  credit(length: number): void
}

export class StreamTunnel implements WireSocket, WireOwner {
  readonly wire: Wire
  private readonly stream: TunnelStream
  private readonly uncount: (length: number) => void
  private isPaused = false
  private isOver = false
  private incoming: HeldBytes | undefined = undefined
  private hasRemoteEnded = false

  /** `uncount`: so many bytes have come, which are counted as the connection's already, and once more by who joins tunnels. */
  constructor(stream: TunnelStream, wheel: TimerWheel, uncount: (length: number) => void) {
    this.stream = stream
    this.uncount = uncount
    this.wire = new Wire(this, wheel)
    this.wire.socket = this
  }

  // The stream tells.

  onContent(bytes: Buffer, start: number, end: number): void {
    this.uncount(end - start)
    if (this.isPaused || this.incoming !== undefined) (this.incoming ??= new HeldBytes()).push(bytes, start, end)
    else this.pass(bytes.subarray(start, end))
  }

  onRemoteEnd(): void {
    this.hasRemoteEnded = true
    if (this.incoming === undefined) this.wire.peerEnded()
  }

  onGone(): void {
    if (this.isOver) return
    this.finish()
    this.wire.closed(new Error('the stream was reset'))
  }

  /** Its windows, or the socket below, have room again. */
  onRoom(): void {
    this.wire.drained()
  }

  // The wire asks.

  write(bytes: Buffer, offset: number, length: number): number {
    if (this.isOver) return -1
    const sent = this.stream.sendNow(bytes, offset, offset + length)
    if (sent < length) this.stream.wait()
    return sent
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    if (this.incoming === undefined) return
    // Whoever takes it may end the tunnel, and then nothing is held any more.
    for (
      let piece = takeFirst(this.incoming);
      piece !== undefined;
      piece = this.isPaused ? undefined : takeFirst(this.incoming)
    )
      this.pass(piece)
    if (this.isPaused || this.isOver) return
    this.incoming = undefined
    if (this.hasRemoteEnded) this.wire.peerEnded()
  }

  shutdown(): void {
    this.stream.endLocally()
  }

  end(): void {
    if (this.isOver) return
    this.finish()
    this.stream.endLocally()
    this.stream.resetTunnel(false)
    this.wire.closed(undefined)
  }

  terminate(): void {
    if (this.isOver) return
    this.finish()
    this.stream.resetTunnel(true)
    this.wire.closed(undefined)
  }

  // Before it is joined, and of what its connection counts itself, nothing is of interest.

  onData(): void {}
  onBlocked(): void {}
  onDrained(): void {}
  onEnd(): void {}
  onClose(): void {}
  onTimeout(): void {}
  onSent(): void {}

  /** Nobody takes what has come any more. */
  private finish(): void {
    this.isOver = true
    if (this.incoming !== undefined) this.stream.credit(this.incoming.size)
    this.incoming = undefined
  }

  private pass(bytes: Buffer): void {
    const { length } = bytes
    this.wire.received(bytes)
    this.stream.credit(length)
  }
}
