/**
 * A request -> whose bucket it takes from: a hash under the process's own key, whatever it is made of, so that neither long
 * values nor secret ones are kept, and nobody can make up values that share a bucket or crowd a table. Addresses are those
 * that the trusted proxies tell of, so that a forged X-Forwarded-For chooses nothing; IPv6 counts by /64, which is what one
 * customer has at least (RFC 6177), so that changing addresses within it gets nobody anywhere.
 */
import type { Asked } from '../admission/admission.ts'
import { clientAddress } from '../forward/client-address.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import { findCookie } from '../http1/pairs.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { parseIp } from '../ip/address.ts'
import type { KeyHash } from './key-hash.ts'
import type { Key } from './key-table.ts'
import type { KeyPart } from './policy.ts'

/** What a part begins with, so that no value passes for one of another kind. */
const sign = { v4: 1, v6: 2, noAddress: 3, route: 4, client: 5, header: 6, cookie: 7 } as const

/** A sign, then eight bytes. */
const PART_BYTES = 9

/** What a part comes to: its sign, and eight bytes in two halves. */
interface Digest {
  readonly sign: number
  readonly high: number
  readonly low: number
}

/** undefined: the request has no such thing. */
type Find = (asked: Asked, head: RequestHead) => Digest | undefined

/** Of peers that speak for themselves, which may have many requests. */
const networks = new WeakMap<ClientIdentity, Digest>()

/** Reads the keys of one limit for one route: the key of the last request stands in it. */
export class KeyReader implements Key {
  high = 0
  low = 0
  private readonly hash: KeyHash
  private readonly parts: readonly Find[]
  private readonly bytes: Uint8Array

  /** `route`: by what the route is known. */
  constructor(parts: readonly KeyPart[], route: string, hash: KeyHash) {
    this.hash = hash
    this.parts = parts.map((part) => this.finderOf(part, route))
    this.bytes = new Uint8Array(PART_BYTES * parts.length)
  }

  /** `head` holds the request's now. */
  read(asked: Asked, head: RequestHead): void {
    const { bytes, hash } = this
    let end = 0
    for (const find of this.parts) {
      write(bytes, end, find(asked, head) ?? networkOf(asked.identity, head))
      end += PART_BYTES
    }
    hash.hash(bytes, 0, end)
    this.high = hash.high
    this.low = hash.low
  }

  private finderOf(part: KeyPart, route: string): Find {
    switch (part.kind) {
      case 'address':
        return () => undefined
      case 'route': {
        const bytes = Buffer.from(route)
        return () => this.digest(sign.route, bytes)
      }
      case 'client':
        return ({ subject }) => subject && this.digest(sign.client, Buffer.from(subject.key))
      case 'header': {
        const name = Buffer.from(part.name, 'latin1')
        return (_, { fields }) => {
          const line = fields.lineNamed(name, 0)
          return line < 0
            ? undefined
            : this.value(sign.header, fields.bytes, fields.valueStart(line), fields.valueEnd(line))
        }
      }
      case 'cookie': {
        const accept = (bytes: Buffer, from: number, to: number) => this.value(sign.cookie, bytes, from, to)
        return (_, { fields }) => findCookie(fields, part.name, accept)
      }
    }
  }

  /** undefined: bytes[from..to) are none. */
  private value(kind: number, bytes: Buffer, from: number, to: number): Digest | undefined {
    return to > from ? this.digest(kind, bytes, from, to) : undefined
  }

  private digest(kind: number, bytes: Buffer, from = 0, to = bytes.length): Digest {
    const { hash } = this
    hash.hash(bytes, from, to)
    return { sign: kind, high: hash.high, low: hash.low }
  }
}

function write(bytes: Uint8Array, at: number, { sign: kind, high, low }: Digest): void {
  bytes[at] = kind
  for (let index = 0; index < 4; index += 1) {
    bytes[at + 1 + index] = high >>> (8 * index)
    bytes[at + 5 + index] = low >>> (8 * index)
  }
}

function networkOf(identity: ClientIdentity, head: RequestHead): Digest {
  // Whom a proxy speaks for is another with each request.
  if (identity.isTrusted) return parseNetwork(clientAddress(identity, head))
  const known = networks.get(identity)
  if (known !== undefined) return known
  const network = parseNetwork(identity.address)
  networks.set(identity, network)
  return network
}

/** An IPv4 address whole, also where IPv6 maps it; of an IPv6 address the first 64 bits; on a Unix socket all are one. */
function parseNetwork(address: string): Digest {
  const value = parseIp(address)
  if (value === undefined) return { sign: sign.noAddress, high: 0, low: 0 }
  if (typeof value === 'number') return { sign: sign.v4, high: value, low: 0 }
  const word = (group: number): number => value.charCodeAt(group) * 65_536 + value.charCodeAt(group + 1)
  return { sign: sign.v6, high: word(0), low: word(2) }
}
