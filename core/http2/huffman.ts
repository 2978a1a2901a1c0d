/**
 * The Huffman code of HPACK (RFC 7541 5.2, appendix B), read four bits at a time. The code is canonical: codes of one length
 * follow each other in the order of their symbols, and longer ones behind shorter; so the lengths tell all of it.
 */

/** Bits of the code of each byte. */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26,
]
/** The end of a string, which may not be told of (RFC 7541 5.2), and only lends its first bits to the padding. */
const END = 256
const LONGEST = 30

/** The code and its length of each byte, in the lowest bits. */
export const CODES: readonly { readonly code: number; readonly length: number }[] = assignCodes()

function assignCodes(): { code: number; length: number }[] {
  const all = [...LENGTHS, LONGEST].map((length, symbol) => ({ symbol, length, code: 0 }))
  const order = all.toSorted((one, other) => one.length - other.length || one.symbol - other.symbol)
  let code = 0
  let before = order[0]?.length ?? 0
  for (const entry of order) {
    code *= 2 ** (entry.length - before)
    before = entry.length
    entry.code = code
    code += 1
  }
  return all
}

/** An inner node of the code's tree: where each bit leads, another node's number or a symbol as -1 - symbol. */
type Node = [zero: number, one: number]

const FAILED = 0x1_0000
const HAS_SYMBOL = 0x2_0000
/** For each node and four bits: the next node in bits 0..7, the symbol in bits 8..15, the two flags. */
const steps: Uint32Array = new Uint32Array(256 * 16)
/** Nodes at which a string may end: less than a byte of ones behind its last symbol. */
const mayEnd: Uint8Array = new Uint8Array(256)
buildSteps()

function buildTree(): Node[] {
  const nodes: Node[] = [[0, 0]]
  for (const [symbol, { code, length }] of CODES.entries()) {
    let at = 0
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      const node = nodes[at] as Node
      const side = (code >>> bit) & 1
      if (bit === 0) node[side] = -1 - symbol
      else {
        if (node[side] === 0) node[side] = nodes.push([0, 0]) - 1
        at = node[side] as number
      }
    }
  }
  return nodes
}

function buildSteps(): void {
  const nodes = buildTree()
  for (const state of nodes.keys())
    for (let bits = 0; bits < 16; bits += 1) steps[state * 16 + bits] = stepFrom(nodes, state, bits)
  for (let depth = 0, at = 0; depth < 8; depth += 1) {
    mayEnd[at] = 1
    at = (nodes[at] as Node)[1]
  }
}

function stepFrom(nodes: readonly Node[], state: number, bits: number): number {
  let at = state
  let symbol = 0
  for (let bit = 3; bit >= 0; bit -= 1) {
    const next = (nodes[at] as Node)[(bits >>> bit) & 1] as number
    if (next >= 0) {
      at = next
      continue
    }
    if (-1 - next === END) return FAILED
    symbol = HAS_SYMBOL | ((-1 - next) << 8)
    at = 0
  }
  return at | symbol
}

/** The most bytes that `length` bytes may become: the shortest code has 5 bits. */
export const decodedBound = (length: number): number => Math.ceil((length * 8) / 5)

/** Decodes bytes[start..end) into `out` from 0 on; returns how many bytes these are, -1 for what is no valid code. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let state = 0
  let length = 0
  for (let position = start; position < end; position += 1) {
    const byte = bytes[position] as number
    const high = steps[(state << 4) | (byte >> 4)] as number
    if ((high & HAS_SYMBOL) !== 0) out[length++] = high >> 8
    const low = steps[((high & 0xff) << 4) | (byte & 15)] as number
    if ((low & HAS_SYMBOL) !== 0) out[length++] = low >> 8
    if (((high | low) & FAILED) !== 0) return -1
    state = low & 0xff
  }
  return mayEnd[state] === 1 ? length : -1
}
