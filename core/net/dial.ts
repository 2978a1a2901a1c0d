/**
 * Connects wires: the one place where a connect begins, for traffic and for checks. A name's addresses are tried one after
 * the other within one deadline, and once more when the name has moved; what is not there in time is given up at once.
 */
import type { SocketAddress } from '../address.ts'
import type { Cancel, Clock } from '../clock.ts'
import { isMissing } from '../names/look-up.ts'
import type { Name } from '../names/name.ts'
import type { NameTable } from '../names/resolver.ts'
import { type Connect, type ConnectEvents, type Endpoint, shortageOf } from './connect.ts'
import { type TimerEntry, type TimerWheel, unarmed } from './timer-wheel.ts'
import type { Opening, Protocol } from './opening.ts'
import type { Secure, SecureEvents } from './secure.ts'
import { tlsFailure } from './secure-failure.ts'
import type { Wire } from './wire.ts'
import type { ConnectFailure } from './wire-owner.ts'
import { inEvent, type ReportFault } from './event.ts'
import type { OwnedSocket } from './wire-socket.ts'

/**
 * Connects `wire` to `address`, and begins as `opening` says; its owner hears `onOpen` or `onConnectError` in a later event,
 * after `timeoutMs` at the latest. `wire.destroy` gives it up: then nothing is heard.
 */
export type Dial = (address: SocketAddress, wire: Wire, timeoutMs: number, opening?: Opening) => void

export interface DialServices {
  readonly connect: Connect
  readonly secure: Secure
  readonly names: NameTable
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly reportFault: ReportFault
  /** Makes room where something of our own is wanting; false: there is nothing to give way. */
  readonly relieve: () => boolean
  /** A dial has failed for want of something of our own, in words. */
  readonly onShortage: (detail: string) => void
  /** Nobody takes connections at an address that was given as one, of an IP or a socket's path; a name is asked for anew here. */
  readonly onUnreachable: (address: SocketAddress) => void
}

/** Addresses tried for one wire at most: a name may have hundreds that are all down. */
const MAX_ADDRESSES = 4
/** How long a look-up may hold up the failure of a wire whose every address has failed. */
const LOOK_AGAIN_MS = 200

export function createDial(services: DialServices): Dial {
  return (address, wire, timeoutMs, opening) => {
    const dialling = new Dialling(services, { address, timeoutMs, opening }, wire)
    wire.connecting = () => dialling.cancel()
    dialling.begin()
  }
}

/** What is asked for. */
interface Call {
  readonly address: SocketAddress
  readonly timeoutMs: number
  readonly opening: Opening | undefined
}

/** One dial under way. */
class Dialling implements TimerEntry, ConnectEvents, SecureEvents {
  readonly timer = unarmed()
  private readonly services: DialServices
  private readonly address: SocketAddress
  private readonly wire: Wire
  private readonly timeoutMs: number
  private readonly opening: Opening | undefined
  /** What stands behind the host; undefined: it is an IP address, or there is none. */
  private readonly name: Name | undefined
  private readonly endsAt: number
  /** Addresses that are still to be tried, and the one that is; IPs of `name`. */
  private queue: readonly string[] = []
  private readonly tried: string[] = []
  /** What one of them is being asked for; undefined: none is. */
  private step: 'connection' | 'handshake' | undefined = undefined
  private hasMadeRoom = false
  /** Gives up the connect or the look-up that it waits for. */
  private stopWaiting: Cancel | undefined = undefined
  private lastFailure: ConnectFailure | undefined = undefined
  private state: 'begins' | 'goes on' | 'over' = 'begins'

  constructor(services: DialServices, { address, timeoutMs, opening }: Call, wire: Wire) {
    this.services = services
    this.address = address
    this.wire = wire
    this.timeoutMs = timeoutMs
    this.opening = opening
    this.name = address.kind === 'tcp' ? services.names.name(address.host) : undefined
    this.endsAt = this.name === undefined ? 0 : services.clock.now() + timeoutMs
  }

  begin(): void {
    if (this.name === undefined) this.connect(undefined, this.timeoutMs)
    else this.resolve(this.name)
    if (this.state === 'begins') this.state = 'goes on'
  }

  cancel(): void {
    this.state = 'over'
    this.services.wheel.remove(this)
    this.stopWaiting?.()
  }

  onConnected(socket: OwnedSocket): void {
    const { tls, preface, offers } = this.opening ?? {}
    if (preface !== undefined && socket.write(preface, 0, preface.length) !== preface.length) {
      socket.terminate()
      return this.onFailed('ECONNRESET')
    }
    if (tls === undefined) return this.onSecured(socket)
    const { address } = this
    this.step = 'handshake'
    const host = address.kind === 'tcp' ? address.host : 'localhost'
    this.stopWaiting = this.services.secure(socket, { tls, host, offers }, this)
  }

  onSecured(socket: OwnedSocket, agreed?: Protocol): void {
    this.state = 'over'
    this.services.wheel.remove(this)
    const address = this.tried.at(-1)
    if (address !== undefined) this.name?.onSuccess(address)
    this.wire.resolvedAddress = address
    socket.data = this.wire
    this.wire.opened(socket, agreed)
  }

  onRefused(failure: ConnectFailure): void {
    this.stopWaiting = undefined
    this.step = undefined
    this.goOn(failure)
  }

  onFailed(code: string): void {
    this.stopWaiting = undefined
    this.step = undefined
    const shortage = shortageOf(code)
    if (shortage === undefined) {
      this.goOn({ isLocal: false, code, detail: code })
      return
    }
    // Another address would want the same that we have not got.
    if (!this.hasMadeRoom && this.services.relieve()) {
      this.hasMadeRoom = true
      this.connect(this.tried.at(-1), this.name === undefined ? this.timeoutMs : this.leftMs())
      return
    }
    this.services.onShortage(shortage)
    this.fail({ isLocal: true, code, detail: shortage })
  }

  onTimeout(): void {
    inEvent(this.services.reportFault, () => {
      this.stopWaiting?.()
      this.stopWaiting = undefined
      const { step } = this
      this.step = undefined
      if (step !== undefined) this.goOn(this.late(step))
      else this.fail(this.lastFailure ?? unresolved(this.name?.host ?? '', 'ETIMEDOUT'))
    })
  }

  /** The address that was tried has failed. */
  private goOn(failure: ConnectFailure): void {
    const { name } = this
    this.lastFailure = failure
    const address = this.tried.at(-1)
    if (name === undefined || address === undefined) {
      this.services.onUnreachable(this.address)
      this.fail(failure)
      return
    }
    name.onFailure(address)
    if (this.leftMs() > 0) this.tryNext(name)
    else this.fail(failure)
  }

  private resolve(name: Name): void {
    const known = name.read()
    if (known.kind === 'addresses') {
      this.queue = name.inOrder()
      this.tryNext(name)
    } else if (name.isAsking) {
      this.waitFor(name, this.leftMs())
    } else if (known.kind === 'failure') {
      this.fail(unresolved(name.host, known.code))
    }
  }

  private waitFor(name: Name, delayMs: number): void {
    this.services.wheel.arm(this, delayMs)
    this.stopWaiting = name.wait(() =>
      inEvent(this.services.reportFault, () => {
        this.stopWaiting = undefined
        this.resolveAgain(name)
      }),
    )
  }

  private resolveAgain(name: Name): void {
    if (this.tried.length === 0) this.resolve(name)
    else this.tryNext(name)
  }

  private tryNext(name: Name): void {
    const isNew = (address: string): boolean => !this.tried.includes(address)
    if (!this.queue.some(isNew)) this.queue = name.inOrder()
    const left = this.queue.filter(isNew).slice(0, MAX_ADDRESSES - this.tried.length)
    const [address] = left
    if (address !== undefined) {
      this.tried.push(address)
      this.connect(address, this.leftMs() / left.length)
    } else if (name.isAsking) {
      this.waitFor(name, Math.min(LOOK_AGAIN_MS, this.leftMs()))
    } else {
      this.fail(this.lastFailure ?? unresolved(name.host, 'ENOTFOUND'))
    }
  }

  /** `address`: of those behind the name; undefined: there is none. */
  private connect(address: string | undefined, timeoutMs: number): void {
    const target = this.address
    const endpoint: Endpoint =
      target.kind === 'unix' ? target : { kind: 'ip', address: address ?? target.host, port: target.port }
    this.step = 'connection'
    this.services.wheel.arm(this, timeoutMs)
    this.stopWaiting = this.services.connect(endpoint, this)
  }

  private fail(failure: ConnectFailure): void {
    const isEarly = this.state === 'begins'
    this.state = 'over'
    this.services.wheel.remove(this)
    if (!isEarly) {
      this.wire.connectFailed(failure)
      return
    }
    // Whoever dials does not expect to hear of it before `dial` has returned.
    this.state = 'goes on'
    queueMicrotask(() => {
      if (this.state === 'over') return
      this.state = 'over'
      inEvent(this.services.reportFault, () => this.wire.connectFailed(failure))
    })
  }

  private leftMs(): number {
    return this.endsAt - this.services.clock.now()
  }

  private late(step: 'connection' | 'handshake'): ConnectFailure {
    if (step === 'handshake') return tlsFailure('tls-timeout', `no whole handshake within ${this.timeoutMs} ms`)
    return { isLocal: false, code: 'ETIMEDOUT', detail: `no connection within ${this.timeoutMs} ms` }
  }
}

function unresolved(host: string, code: string): ConnectFailure {
  const detail = isMissing(code)
    ? `the name ${host} has no address`
    : `no name server has told the address of ${host}: ${code}`
  return { isLocal: false, code, detail }
}
