/** The contract between a wire and who reads from it. */
import type { Protocol } from './opening.ts'

/** Who reads from a wire and decides about it. Every call comes in the middle of one event. */
export interface WireOwner {
  /** The socket is there: somebody has come in, or the connect that was asked for succeeded. `agreed`: of such a one, over TLS. */
  onOpen?(agreed?: Protocol): void
  /** That did not. Nothing comes after it. */
  onConnectError?(failure: ConnectFailure): void
  onData(bytes: Buffer): void
  /** The peer reads too slowly: hold back what feeds this wire. */
  onBlocked(): void
  /** What was kept has gone out: let it flow again. */
  onDrained(): void
  /** The peer will send no more (FIN). Whoever does not answer it must close. */
  onEnd(): void
  /** It is over, whoever ended it; once, and nothing comes after it. */
  onClose(): void
  /** The time-out set by `arm` is over. */
  onTimeout(): void
  /** `length` bytes went out. */
  onSent(length: number): void
  /** `length` bytes have come and gone where `relayTo` said. Of who calls that. */
  onRelayed?(length: number): void
}

/** Why a connect came to nothing. */
export interface ConnectFailure {
  /** For want of something of our own (descriptors, ports, memory): whom we wanted to reach is not to blame. */
  readonly isLocal: boolean
  /** The system's or the resolver's; ETIMEDOUT when it took too long. */
  readonly code: string
  /** In words, or the code again: may be told to whoever asked. */
  readonly detail: string
  /** More of it, for operators alone: what a certificate says. Of TLS. */
  readonly words?: string
}
