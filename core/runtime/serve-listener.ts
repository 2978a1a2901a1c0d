/**
 * A listener whose clients Bun.serve speaks with, and what it has under way. Connections are Bun's, which tells nobody of
 * them: what counts here as one is a request.
 */
import type { SocketAddress } from '../address.ts'
import type { HostAddress } from '../bind-hosts.ts'
import type { Config, ListenerConfig } from '../config/config.ts'
import { StartError } from '../errors.ts'
import type { Door } from '../forward/door.ts'
import { type ServeCarrier, serveRequest, type ServeStream } from '../inbound/serve-stream.ts'
import { plain } from '../net/ends.ts'
import { inEvent } from '../net/event.ts'
import { PLAIN } from '../net/transport.ts'
import { type Move, NO_MOVE } from '../part.ts'
import { Peer, plainFacts } from '../stream/peer.ts'
import type { Certificate } from '../tls/certificate.ts'
import { Doors } from './door.ts'
import { keyOf } from './listener-places.ts'
import type { ListenerAtWork, ListenerServices } from './listener-services.ts'
import { idleSeconds, markOf, openPorts, type Served, type ServePorts, type ServeTerms } from './serve-ports.ts'

/** How long clients remember that the port speaks HTTP/3 (RFC 7838 3.1), in seconds. */
const ALT_SVC_SECONDS = 86_400

/** For so long what others have taken the place of still answers. */
const LAST_CALL_MS = 1000

/** Of Bun.serve, as a request comes by it. */
interface Instance {
  readonly over: ServeTerms['over']
  readonly server: Served
  readonly isLeaving: () => boolean
}

export class ServeListener implements ListenerAtWork {
  readonly clients = new Set<ServeStream>()
  onAccepted: (() => void) | undefined = undefined
  private readonly services: ListenerServices
  private settings: ListenerConfig
  private readonly doors = new Doors()
  /** The last ones while it is shut. */
  private tcp: ServePorts
  /** undefined: HTTP/3 is not spoken, or not yet. */
  private udp: ServePorts | undefined = undefined
  /** Another listens beside them, whose clients they still are. */
  private readonly leaving = new Set<ServePorts>()
  /** Nobody comes to them any more; they still answer. */
  private readonly stopping = new Set<ServePorts>()
  private isShut = false
  private isLettingGo = false
  private isFull = false

  /** Throws StartError when the address can't be had. */
  constructor(config: ListenerConfig, services: ListenerServices) {
    this.settings = config
    this.services = services
    if (config.address.kind !== 'tcp') throw new StartError('"engine": "serve" listens at TCP addresses alone')
    this.tcp = this.open('tcp', config.address)
    try {
      if (config.http3) this.udp = this.open('udp', this.tcp.address)
    } catch (error) {
      this.tcp.cut()
      throw error
    }
  }

  get config(): ListenerConfig {
    return this.settings
  }

  get name(): string {
    return this.settings.name
  }

  get title(): string {
    return `listener "${this.settings.name}"`
  }

  get address(): HostAddress {
    return this.tcp.address
  }

  get addresses(): readonly SocketAddress[] {
    return this.isShut ? [] : this.tcp.bound
  }

  isWantedBy({ listeners }: Config): boolean {
    return !this.isLettingGo && listeners.some((listener) => keyOf(listener) === keyOf(this.settings))
  }

  /** Other settings for the same address. Throws StartError when the port can't be had for HTTP/3, and everything is as before. */
  prepare(config: ListenerConfig): Move {
    const isNew = config.http3 === true && this.mayOpenUdp
    const opened = isNew ? this.open('udp', this.tcp.address, { config }) : undefined
    const commit = (): void => {
      this.settings = config
      this.udp ??= opened
      this.guard(() => this.renew())
    }
    return { ...NO_MOVE, commit, abandon: () => opened?.cut() }
  }

  /** Bun tells nobody. */
  countQueued(): number {
    return 0
  }

  keepOut(): void {}

  shut(): void {
    if (this.isShut) return
    this.isShut = true
    for (const ports of [this.tcp, this.udp, ...this.leaving]) if (ports !== undefined) void this.retire(ports)
    this.udp = undefined
  }

  reopen(): void {
    if (!this.isShut) return
    this.tcp = this.open('tcp', this.tcp.address)
    this.isShut = false
    this.guard(() => this.renewUdp())
  }

  /** Responses over HTTP/1 tell that their connection ends. */
  letGo(): void {
    this.isLettingGo = true
  }

  cut(): void {
    for (const ports of [this.tcp, this.udp, ...this.leaving, ...this.stopping]) ports?.cut()
  }

  /** Has it serve as the settings say, and with the certificates that are there now. */
  private renew(): void {
    const { tcp } = this
    if (this.isShut) return
    if (tcp.mark !== markOf(this.terms('tcp'))) {
      this.tcp = this.open('tcp', tcp.address, { isBeside: true })
      this.leaving.add(tcp)
      // Meanwhile its responses end their connections, which would be cut otherwise.
      this.services.clock.after(LAST_CALL_MS, () => {
        if (this.leaving.has(tcp)) void this.retire(tcp)
      })
    }
    this.renewUdp()
  }

  /** An instance keeps its UDP port until the last of its responses has gone out; meanwhile clients go by TCP. */
  private renewUdp(): void {
    const { udp } = this
    const { clock, drainTimeoutMs } = this.services
    const isWanted = this.settings.http3 === true && !this.isShut
    if (udp !== undefined && (!isWanted || udp.mark !== markOf(this.terms('udp')))) {
      this.udp = undefined
      const giveUp = clock.after(drainTimeoutMs(), () => udp.cut())
      void this.retire(udp).then(giveUp)
    } else if (isWanted && this.mayOpenUdp) {
      this.udp = this.open('udp', this.tcp.address)
    }
  }

  /** None of ours holds the port. */
  private get mayOpenUdp(): boolean {
    return !this.isShut && this.udp === undefined && ![...this.stopping].some(({ over }) => over === 'udp')
  }

  /** What Bun still has to send counts as one connection, so that nobody takes the listener for empty. */
  private async retire(ports: ServePorts): Promise<void> {
    const { counters, onClosed } = this.services
    this.leaving.delete(ports)
    this.stopping.add(ports)
    counters.connectionsOpen += 1
    await ports.stop()
    this.stopping.delete(ports)
    counters.connectionsOpen -= 1
    onClosed()
    this.guard(() => this.renewUdp())
  }

  /** `isBeside`: of what listens there already. */
  private open(over: ServeTerms['over'], address: HostAddress, { isBeside = false, config = this.settings } = {}) {
    const claim = over === 'tcp' && !isBeside && !config.reusePort ? (host: HostAddress) => this.claim(host) : undefined
    const isLeaving = (): boolean => this.isLettingGo || this.leaving.has(ports) || this.stopping.has(ports)
    const fetch = (request: Request, server: Served): Promise<Response> =>
      this.answer({ over, server, isLeaving }, request)
    const ports = openPorts(address, { ...this.terms(over, config), claim, fetch })
    return ports
  }

  /** Nobody else is there, and none of ours. */
  private claim(address: HostAddress): number {
    const { transport, reportFault } = this.services
    const nobody = { hasRoom: () => false, onWaiting: () => undefined, onShortage: () => false }
    const socket = transport.bindHost(address, PLAIN, {
      ...nobody,
      onAccepted: (accepted) => accepted.terminate(),
      reportFault,
    })
    socket.stop()
    return socket.address.kind === 'tcp' ? socket.address.port : address.port
  }

  private terms(over: ServeTerms['over'], { name, http2, tls } = this.settings): ServeTerms {
    return { over, http2, certificates: tls && this.certificatesOf(name), minVersion: tls?.minVersion ?? '1.2' }
  }

  /** The one for who names nobody first, then those that are preferred for their names. */
  private certificatesOf(name: string): readonly Certificate[] {
    const store = this.services.tls.front(name)?.store
    if (store === undefined) return []
    const preferred = store.certificates.flatMap(({ names }) => names.map((one) => store.offer(one)?.certificates[0]))
    return [...new Set([store.fallback.certificates[0], ...preferred, ...store.certificates])].filter(
      (certificate) => certificate !== undefined,
    )
  }

  private answer(instance: Instance, request: Request): Promise<Response> {
    const { services } = this
    const address = plain(instance.server.requestIP(request)?.address ?? '')
    if (!this.hasRoom()) return Promise.resolve(tooMany())
    let response: Promise<Response> | undefined
    inEvent(services.reportFault, () => {
      response = serveRequest(this.carrierOf(instance, address, request), request, (stream) => this.begin(stream))
    })
    return response ?? Promise.resolve(new Response(null, { status: 500 }))
  }

  private carrierOf({ over, server, isLeaving }: Instance, address: string, request: Request): ServeCarrier {
    const { handler, reportFault } = this.services
    const scheme = this.settings.tls === undefined ? 'http' : 'https'
    const protocol = over === 'udp' ? 'h3' : undefined
    return {
      handler,
      reportFault,
      peer: new Peer({ ...plainFacts(address), scheme, protocol, door: this.doorOver(over) }),
      version: over === 'udp' ? '3' : undefined,
      isLeaving,
      allowSilence: (ms) => server.timeout(request, idleSeconds(ms)),
      onOver: (stream) => this.end(stream),
    }
  }

  private begin(stream: ServeStream): void {
    const { counters } = this.services
    counters.connectionsAccepted += 1
    counters.connectionsOpen += 1
    this.clients.add(stream)
  }

  private end(stream: ServeStream): void {
    const { counters, onClosed } = this.services
    counters.connectionsOpen -= 1
    this.clients.delete(stream)
    stream.peer.gone()
    onClosed()
  }

  private hasRoom(): boolean {
    const { counters, emit, maxConnections } = this.services
    const limit = maxConnections()
    const hasRoom = counters.connectionsOpen < limit
    if (!hasRoom) counters.connectionsRefused += 1
    if (!hasRoom && !this.isFull) emit({ kind: 'connection-limit', limit })
    this.isFull = !hasRoom
    return hasRoom
  }

  /** What is done with all requests that come in here; over TCP clients are told of HTTP/3. */
  private doorOver(over: ServeTerms['over']): Door | undefined {
    const { services, settings } = this
    const door = this.doors.of(settings, services.tls.asksClients)
    if (this.udp === undefined || over === 'udp') return door
    const line = `Alt-Svc: h3=":${this.address.port}"; ma=${ALT_SVC_SECONDS}\r\n`
    return {
      ...door,
      responseDrops: [...(door?.responseDrops ?? []), 'alt-svc'],
      responseLines: `${door?.responseLines ?? ''}${line}`,
    }
  }

  /** Where nothing may fail, a failure is told. */
  private guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.services.reportFault(error)
    }
  }
}

const tooMany = (): Response =>
  new Response('too many connections\n', {
    status: 503,
    headers: { 'retry-after': '1', connection: 'close', 'content-type': 'text/plain' },
  })
