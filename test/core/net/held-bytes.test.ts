/** Bytes that wait: each once and in order, however they come and go, and in little more memory than they take. */
import { describe, expect, test } from 'bun:test'
import { HeldBytes, takeFirst } from '../../../core/net/held-bytes.ts'
import { drawIndex, seededRandom } from '../../../core/random.ts'

/** Bytes that tell where they stand. */
const counted = (from: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (from + at) & 255))

function pieces(held: HeldBytes): Buffer[] {
  const all: Buffer[] = []
  for (let piece = takeFirst(held); piece !== undefined; piece = takeFirst(held)) all.push(piece)
  return all
}

describe('held bytes', () => {
  test('are gathered where they come one by one', () => {
    const held = new HeldBytes()
    const all = counted(0, 65_535)
    for (let at = 0; at < all.length; at += 1) held.push(all, at, at + 1)
    const got = pieces(held)
    expect(got.length).toBeLessThan(32)
    expect(Buffer.concat(got).equals(all)).toBeTrue()
    const memory = new Set(got.map(({ buffer }) => buffer)).values()
    expect(memory.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(2 * all.length)
  })

  test('stay what they were when their source is overwritten', () => {
    const held = new HeldBytes()
    const source = Buffer.from('abc')
    held.push(source, 0, 2)
    source.fill('x')
    held.push(source, 2, 3)
    expect(Buffer.concat(pieces(held)).toString()).toBe('abx')
  })

  test('are left alone once they have been taken', () => {
    const held = new HeldBytes()
    held.push(Buffer.from('abc'), 0, 3)
    held.push(Buffer.from('def'), 0, 3)
    held.drop(2)
    const rest = takeFirst(held)
    held.push(Buffer.from('ghi'), 0, 3)
    expect([rest?.toString(), takeFirst(held)?.toString(), held.size]).toEqual(['cdef', 'ghi', 0])
  })

  test('take no more than what they are where they come once', () => {
    const held = new HeldBytes()
    held.push(Buffer.alloc(1000), 0, 1000)
    expect(held.first?.buffer.byteLength).toBe(1000)
  })

  test.each([1, 2, 3, 4, 5, 6])('come in order, whatever goes between them (%i)', (seed) => {
    const random = seededRandom(seed)
    const held = new HeldBytes()
    const sizes = [0, 1, 2, 100, 1023, 1024, 5000]
    let pushed = 0
    let taken = 0
    for (let step = 0; step < 400; step += 1) {
      if (random() < 0.6) {
        const bytes = counted(pushed, sizes[drawIndex(random, sizes.length)] as number)
        held.push(bytes, 0, bytes.length)
        pushed += bytes.length
      } else if (held.first !== undefined) {
        const length = Math.ceil(random() * held.first.length)
        expect(held.first.subarray(0, length).equals(counted(taken, length))).toBeTrue()
        held.drop(length)
        taken += length
      }
      expect(held.size).toBe(pushed - taken)
    }
    expect(Buffer.concat(pieces(held)).equals(counted(taken, pushed - taken))).toBeTrue()
  })
})
