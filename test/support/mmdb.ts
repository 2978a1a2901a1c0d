/**
 * Encodes a small MaxMind database (format 2.0, 24-bit records) for tests: a binary tree over address bits, a data
 * section, and metadata behind a marker. Blocks may nest; IPv4 lives below ::/96 of an IPv6 tree.
 */
import { parseBlock } from '../../core/ip/blocks.ts'

export type MmdbValue = string | number | boolean | readonly MmdbValue[] | { readonly [key: string]: MmdbValue }

export interface MmdbEntry {
  readonly block: string
  readonly data: MmdbValue
}

type Leaf = { readonly offset: number } | undefined
type Node = { children: [Node | Leaf, Node | Leaf] }

const isNode = (child: Node | Leaf): child is Node => child !== undefined && 'children' in child

export function encodeMmdb(entries: readonly MmdbEntry[], ipVersion: 4 | 6 = 6): Buffer {
  const root: Node = { children: [undefined, undefined] }
  const data: Buffer[] = []
  let offset = 0
  for (const { block, data: value } of entries.toSorted(
    (one, other) => bits(one.block, ipVersion).length - bits(other.block, ipVersion).length,
  )) {
    insert(root, bits(block, ipVersion), { offset })
    const encoded = encode(value)
    data.push(encoded)
    offset += encoded.length
  }
  const nodes: Node[] = [root]
  for (let at = 0; at < nodes.length; at += 1) nodes.push(...(nodes[at]?.children.filter(isNode) ?? []))
  const order = new Map(nodes.map((node, index) => [node, index]))
  const record = (child: Node | Leaf): number => {
    if (isNode(child)) return order.get(child) ?? 0
    return child === undefined ? nodes.length : nodes.length + 16 + child.offset
  }
  const tree = Buffer.alloc(nodes.length * 6)
  nodes.forEach(({ children }, index) =>
    children.forEach((child, side) => tree.writeUIntBE(record(child), index * 6 + side * 3, 3)),
  )
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_750_000_000,
    database_type: 'Test',
    description: { en: 'test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata])
}

function bits(block: string, ipVersion: 4 | 6): readonly (0 | 1)[] {
  const { prefix, network, version } = parseBlock(block)
  const text =
    typeof network === 'number'
      ? network.toString(2).padStart(32, '0')
      : Array.from({ length: 8 }, (_, at) => (network.charCodeAt(at) || 0).toString(2).padStart(16, '0')).join('')
  const own = text.slice(0, prefix)
  const whole = version === 4 && ipVersion === 6 ? '0'.repeat(96) + own : own
  return Array.from(whole, (bit) => (bit === '1' ? 1 : 0))
}

/** Shorter blocks first: a longer one splits the leaf it lies in, and the rest of that leaf keeps its data. */
function insert(root: Node, path: readonly (0 | 1)[], leaf: Leaf): void {
  let node = root
  path.forEach((bit, depth) => {
    if (depth === path.length - 1) {
      node.children[bit] = leaf
      return
    }
    const child = node.children[bit]
    const next: Node = isNode(child) ? child : { children: [child, child] }
    node.children[bit] = next
    node = next
  })
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'boolean') return control(14, value ? 1 : 0)
  if (typeof value === 'number') return encodeNumber(value)
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)])
  const pairs = Object.entries(value)
  return Buffer.concat([control(7, pairs.length), ...pairs.flatMap(([key, item]) => [encode(key), encode(item)])])
}

function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(Number.isInteger(value) && value >= 0 ? 4 : 8)
  if (bytes.length === 4) bytes.writeUInt32BE(value)
  else bytes.writeDoubleBE(value)
  return Buffer.concat([control(bytes.length === 4 ? 6 : 3, bytes.length), bytes])
}

/** Type in the upper three bits, from 8 on in an extra byte; size in the lower five, from 29 on in an extra byte. */
function control(type: number, size: number): Buffer {
  const small = Math.min(size, 29)
  const bytes = type <= 7 ? [(type << 5) | small] : [small, type - 7]
  return Buffer.from(size < 29 ? bytes : [...bytes, size - 29])
}
