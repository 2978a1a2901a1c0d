/** A socket for a wire that takes as many bytes as it is told to, and writes down what is done to it. */
import type { Socket } from 'bun'
import type { TimerWheel } from '../../core/net/timer-wheel.ts'
import { Wire } from '../../core/net/wire.ts'
import type { WireOwner } from '../../core/net/wire-owner.ts'
import type { SocketOwner } from '../../core/net/wire-socket.ts'
import { textOf } from './http1-bytes.ts'

export interface FakeWire {
  readonly wire: Wire
  /** What the peer has got, one character a byte. */
  readonly sent: () => string
  /** What was done, in order: calls of the socket and of the owner, bytes left out. */
  readonly log: string[]
  /** How many bytes the kernel takes from now on, until it is told again; a write beyond takes part. */
  readonly takes: (room: number) => void
  /** Sizes of the writes that took bytes, in order. */
  readonly writes: number[]
}

/** An open wire whose owner does nothing but for what `owner` says. */
export function fakeWire(wheel: TimerWheel, owner: Partial<WireOwner> = {}): FakeWire {
  const pieces: Buffer[] = []
  const log: string[] = []
  const writes: number[] = []
  let room = Infinity
  let isClosed = false
  const close = (how: string) => () => {
    log.push(how)
    isClosed = true
    wire.closed(undefined)
  }
  const socket = {
    write(bytes: Buffer, start: number, length: number): number {
      if (isClosed) return -1
      const taken = Math.min(room, length)
      room -= taken
      if (taken > 0) writes.push(taken)
      pieces.push(Buffer.from(bytes.subarray(start, start + taken)))
      return taken
    },
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    shutdown: () => log.push('shutdown'),
    end: close('end'),
    terminate: close('terminate'),
  }
  const told =
    (name: string) =>
    (...args: unknown[]): void => {
      log.push(name)
      const hear = owner[name as keyof WireOwner] as ((...args: unknown[]) => void) | undefined
      hear?.(...args)
    }
  const wire = new Wire(
    {
      onOpen: told('onOpen'),
      onConnectError: told('onConnectError'),
      onData: told('onData'),
      onBlocked: told('onBlocked'),
      onDrained: told('onDrained'),
      onEnd: told('onEnd'),
      onClose: told('onClose'),
      onTimeout: told('onTimeout'),
      onSent: (length) => owner.onSent?.(length),
    },
    wheel,
  )
  wire.socket = socket as unknown as Socket<SocketOwner>
  return { wire, log, writes, sent: () => textOf(Buffer.concat(pieces)), takes: (bytes) => (room = bytes) }
}
