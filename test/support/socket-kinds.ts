/** Each kind of sockets that the contract of core/net/wire-socket.ts holds for, and who may have begun their connections. */
import { peerTls } from './peer-tls.ts'
import { type Family, type Side, type SocketRig, socketRig } from './socket-rig.ts'
import { transports } from './transports.ts'

export interface SocketKind {
  readonly sides: readonly Side[]
  readonly open: (family?: Family) => SocketRig
}

const plain = transports.map(
  ([name, transport]) =>
    [name, { sides: ['accepted', 'connected'], open: (family) => socketRig(transport, family) }] as const,
) satisfies readonly (readonly [string, SocketKind])[]

/** TLS as a client, by Bun, on a connection of each transport. */
const secured = transports.map(
  ([name, transport]) =>
    [`TLS on ${name}`, { sides: ['connected'], open: (family) => socketRig(transport, family, peerTls()) }] as const,
) satisfies readonly (readonly [string, SocketKind])[]

/** For `describe.each`. */
export const socketKinds: readonly (readonly [string, SocketKind])[] = [...plain, ...secured]
