/** What every listener works with. */
import type { Clock } from '../clock.ts'
import type { Crowd } from '../inbound/crowd.ts'
import type { RequestHandler, TcpHandler } from '../inbound/request-handler.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { ReportFault } from '../net/event.ts'
import type { BeginHandshake } from '../net/tls.ts'
import type { Transport } from '../net/transport.ts'
import type { ListenerConfig } from '../config/config.ts'
import type { SocketAddress } from '../address.ts'
import type { Move } from '../part.ts'
import type { Holder } from './addresses.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import type { TlsFront } from './tls-host.ts'

export interface ListenerServices {
  readonly handler: RequestHandler & TcpHandler
  readonly counters: EdgeCounters
  readonly emit: Emit
  readonly transport: Transport
  readonly reportFault: ReportFault
  /** Something of our own is wanting, in words. */
  readonly onShortage: (detail: string) => void
  readonly budget: DescriptorBudget
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told who has to wait. */
  readonly crowd: Crowd
  /** Client connections that may be open at once, on all listeners together. */
  readonly maxConnections: () => number
  /** How long what is under way at a place that is needed may take. */
  readonly drainTimeoutMs: () => number
  /** Whether whoever comes from that address ('' for a Unix socket) is turned away without a word. */
  readonly isUnwanted: (address: string) => boolean
  /** A client has gone. */
  readonly onClosed: () => void
  readonly tls: {
    /** What a listener that ends TLS has for it; undefined: it does not. */
    front(listener: string): TlsFront | undefined
    /** Whether clients have to show something of themselves, or may, at any listener. */
    readonly asksClients: boolean
  }
  readonly beginHandshake: BeginHandshake
}

/** A listener that serves, whoever speaks with its clients. */
export interface ListenerAtWork extends Holder {
  readonly name: string
  readonly config: ListenerConfig
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress
  /** Who is connected; of those whose connections we don't know, what is under way. */
  readonly clients: ReadonlySet<{ readonly isTunnel: boolean }>
  /** Other settings for the same address. Throws StartError when they can't be had, and everything is as before. */
  prepare(config: ListenerConfig): Move
  /** Every client is answered once more at most, those that still come in too. */
  letGo(): void
  /** Ends every connection now. */
  cut(): void
}
