/** Sockets of one transport with real peers, and whoever hears of them: for the suite of the socket contract. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import type { Endpoint } from '../../core/net/connect.ts'
import { createSecure } from '../../core/net/secure.ts'
import { ALWAYS_ROOM, PLAIN, type BoundSocket, type Transport } from '../../core/net/transport.ts'
import type { ConnectFailure } from '../../core/net/wire-owner.ts'
import type { OwnedSocket, SocketOwner } from '../../core/net/wire-socket.ts'
import type { PeerTls } from './peer-tls.ts'
import { type PeerOptions, peerHandlers, RawPeer, turn, turnUntil } from './raw-peer.ts'

/** Who came to have the socket: it was accepted, or connected by us. */
export type Side = 'accepted' | 'connected'
export type Family = 'IPv4' | 'IPv6' | 'Unix'

/** Hears one socket and writes down what it says, pieces of data in a row once. */
export class Ear implements SocketOwner {
  readonly socket: OwnedSocket
  readonly log: string[] = []
  text = ''
  receivedBytes = 0
  error: Error | undefined = undefined
  alert: string | undefined = undefined
  /** What else is done in the middle of an event. */
  on: { -readonly [Name in keyof SocketOwner]?: SocketOwner[Name] }

  constructor(socket: OwnedSocket, on: Partial<SocketOwner> = {}) {
    this.socket = socket
    this.on = on
    socket.data = this
  }

  /** What the socket takes of `text`; -1: it is closed. */
  say(text: string): number {
    return this.socket.write(Buffer.from(text, 'latin1'), 0, text.length)
  }

  until(word: string): Promise<void> {
    return turnUntil(() => this.log.includes(word), `${word}, only ${this.log.join(', ')}`)
  }

  untilText(text: string): Promise<void> {
    return turnUntil(() => this.text === text, text)
  }

  received(bytes: Buffer): void {
    this.receivedBytes += bytes.length
    if (this.receivedBytes < 1024 * 1024) this.text += bytes.toString('latin1')
    if (this.log.at(-1) !== 'data') this.log.push('data')
    this.on.received?.(bytes)
  }

  drained(): void {
    this.on.drained?.()
  }

  peerEnded(): void {
    this.log.push('end')
    this.on.peerEnded?.()
  }

  closed(error: Error | undefined): void {
    this.error = error
    this.log.push(error === undefined || error === null ? 'closed' : 'reset')
    this.on.closed?.(error)
  }
}

export interface SocketPair {
  readonly ear: Ear
  readonly peer: RawPeer
}

export interface SocketRig {
  readonly bound: BoundSocket
  /** Where that listens, for who connects. */
  readonly endpoint: Endpoint
  /** What handlers threw. */
  readonly faults: unknown[]
  /** All that were accepted, in order. */
  readonly accepted: OwnedSocket[]
  /** A socket of the transport and its peer. */
  pair(side: Side, on?: Partial<SocketOwner>, options?: PeerOptions): Promise<SocketPair>
  /** A peer of a socket that is to be accepted. */
  peer(options?: PeerOptions): Promise<RawPeer>
  [Symbol.dispose](): void
}

/** `tls`: what connected ones have on them; undefined: nothing. */
export function socketRig(transport: Transport, family: Family = 'IPv4', tls?: PeerTls): SocketRig {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-sockets-'))
  const faults: unknown[] = []
  const accepted: OwnedSocket[] = []
  /** Those that are connected and have an ear. */
  const connected: OwnedSocket[] = []
  const peers: RawPeer[] = []
  const reportFault = (error: unknown): void => void faults.push(error)
  const onAccepted = (socket: OwnedSocket): void => void accepted.push(socket)
  const events = { ...ALWAYS_ROOM, onAccepted, onShortage: () => false, reportFault }
  const path = join(folder, 'ours.sock')
  const host = family === 'IPv6' ? '::1' : '127.0.0.1'
  const bound =
    family === 'Unix'
      ? transport.bindPath(path, events)
      : transport.bindHost({ kind: 'tcp', host, port: 0 }, PLAIN, events)
  const connect = transport.connects(reportFault)
  const secure = createSecure({ reportFault, clock: systemClock })

  /** How many peers have begun to connect: those that are accepted come in their order. */
  let begun = 0
  /** What each peer that accepts is to be like, and those that have; in the order of the connects. */
  const awaited: PeerOptions[] = []
  const theirPeers: RawPeer[] = []
  /** By our port: over TLS they open in the order in which handshakes end. */
  const theirsByPort = new Map<number, RawPeer>()
  const theirs = Bun.listen<RawPeer>({
    ...(family === 'Unix' ? { unix: join(folder, 'theirs.sock') } : { hostname: host, port: 0 }),
    ...(tls && { tls: tls.server }),
    allowHalfOpen: true,
    socket: {
      ...peerHandlers,
      open(socket) {
        const peer = new RawPeer(awaited[theirPeers.length])
        socket.data = peer
        peers.push(peer)
        theirPeers.push(peer)
        theirsByPort.set(socket.remotePort, peer)
        peer.opened(socket)
      },
    },
  } as Bun.TCPSocketListenOptions<RawPeer>)

  async function peer(options: PeerOptions = {}): Promise<RawPeer> {
    const one = new RawPeer(options)
    peers.push(one)
    begun += 1
    const to = family === 'Unix' ? { unix: path } : { hostname: host, port: endpoint.kind === 'ip' ? endpoint.port : 0 }
    await Bun.connect<RawPeer>({
      ...to,
      data: one,
      allowHalfOpen: true,
      socket: peerHandlers,
    } as Bun.TCPSocketConnectOptions<RawPeer>)
    return one
  }

  const endpoint: Endpoint =
    bound.address.kind === 'unix'
      ? { kind: 'unix', path }
      : { kind: 'ip', address: bound.address.host, port: bound.address.port }

  async function acceptedPair(on: Partial<SocketOwner>, options: PeerOptions): Promise<SocketPair> {
    const place = begun
    const one = await peer(options)
    await turnUntil(() => accepted.length > place, 'an accepted socket')
    return { ear: new Ear(accepted[place] as OwnedSocket, on), peer: one }
  }

  async function connectedPair(on: Partial<SocketOwner>, options: PeerOptions): Promise<SocketPair> {
    const place = awaited.push(options) - 1
    const told = Promise.withResolvers<Ear>()
    const to: Endpoint =
      family === 'Unix'
        ? { kind: 'unix', path: join(folder, 'theirs.sock') }
        : { kind: 'ip', address: host, port: theirs.port }
    const hear = (socket: OwnedSocket): void => {
      connected.push(socket)
      told.resolve(new Ear(socket, on))
    }
    connect(to, {
      onConnected(socket) {
        if (tls === undefined) return hear(socket)
        const onRefused = ({ words = '' }: ConnectFailure): void => told.reject(new Error(words))
        secure(socket, { tls: tls.client, host }, { onSecured: hear, onRefused })
      },
      onFailed: (code) => told.reject(new Error(code)),
    })
    const ear = await told.promise
    const { localPort } = ear.socket as { readonly localPort?: number }
    const find = (): RawPeer | undefined =>
      tls === undefined || localPort === undefined ? theirPeers[place] : theirsByPort.get(localPort)
    await turnUntil(() => find() !== undefined, 'their socket')
    return { ear, peer: find() as RawPeer }
  }

  return {
    bound,
    endpoint,
    faults,
    accepted,
    peer,
    pair: (side, on = {}, options = {}) =>
      side === 'accepted' ? acceptedPair(on, options) : connectedPair(on, options),
    [Symbol.dispose]() {
      bound.stop()
      theirs.stop(true)
      for (const one of peers) one.reset()
      // One that is paused does not notice that its peer has gone, and would keep our loop running.
      for (const socket of [...accepted, ...connected]) socket.terminate()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Bytes of which each piece tells its place. */
export function pattern(length: number): Buffer {
  const words = new Uint32Array(length / 4)
  for (let index = 0; index < words.length; index += 1) words[index] = Math.imul(index, 2_654_435_761)
  return Buffer.from(words.buffer)
}

/** What was sent before this has come, if anybody was to hear of it: later bytes on another connection were heard. */
export async function aWhile(rig: SocketRig): Promise<void> {
  const { ear, peer } = await rig.pair('accepted')
  peer.send('ping')
  await ear.untilText('ping')
  ear.socket.end()
  for (let turns = 0; turns < 20; turns += 1) await turn()
}
