import { describe, expect, test } from 'bun:test'
import { KeyHash } from '../../../core/limits/key-hash.ts'

const countUp = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index)

/** As the reference implementation writes it: both halves with their lowest byte first. */
function hashOf(bytes: Uint8Array, from = 0, to = bytes.length, seed = countUp(8)): string {
  const hash = new KeyHash(seed)
  hash.hash(bytes, from, to)
  const told = Buffer.alloc(8)
  told.writeUInt32LE(hash.high, 0)
  told.writeUInt32LE(hash.low, 4)
  return told.toString('hex')
}

describe('the hash of keys', () => {
  // vectors.h of the reference implementation, `vectors_hsip64`: the bytes 0, 1, 2 … under the key 0 to 7.
  test.each([
    [0, '218d1f59b9b83cc8'],
    [1, 'be552412f8387315'],
    [2, '064f39ef7c50eb57'],
    [3, 'ce0f1a45f7060679'],
    [4, 'd5e78a175be52ea1'],
    [5, 'cb9d7c3f2f3db580'],
    [8, 'edfee820bce4858c'],
    [13, '5a2352d75a0c3744'],
  ])('of %d bytes is that of HalfSipHash-2-4', (length, expected) => expect(hashOf(countUp(length))).toBe(expected))

  test('is one of the bytes between two offsets', () => {
    expect(hashOf(Uint8Array.from([9, 9, 0, 1, 2, 3, 4, 9, 9, 9]), 2, 7)).toBe(hashOf(countUp(5)))
  })

  test('is another under another key, and for 10 KiB that end otherwise', () => {
    const [one, other] = [new Uint8Array(10_240), new Uint8Array(10_240)]
    other[10_239] = 1
    expect(new Set([hashOf(one), hashOf(other), hashOf(one, 0, 10_240, new Uint8Array(8))]).size).toBe(3)
  })
})
