import { describe, expect, test } from 'bun:test'
import { loadCalls } from '../../../../core/net/epoll/calls.ts'
import { LARGE_BYTES, ReceiveMemory, SMALL_BYTES } from '../../../../core/net/epoll/memory.ts'
import { isLent, retained } from '../../../../core/net/retained.ts'
import { fail } from '../../../support/fail.ts'

describe.skipIf(process.platform !== 'linux')('memory for what is received', () => {
  const make = (): ReceiveMemory => new ReceiveMemory(loadCalls() ?? fail(new Error('no libc')))

  /** A small piece of that byte, as a read leaves it. */
  function receive(memory: ReceiveMemory, length: number, byte: number): Buffer {
    const size = Math.min(length, memory.makeRoom())
    memory.slab.bytes.fill(byte, memory.used, memory.used + size)
    return memory.take(size)
  }

  test('gives each small piece a place of its own, for as long as it is kept', () => {
    const memory = make()
    const pieces = Array.from({ length: 200 }, (_, index) => receive(memory, 1 + ((index * 997) % SMALL_BYTES), index))
    for (const [index, piece] of pieces.entries()) expect(piece.every((byte) => byte === index)).toBe(true)
    expect(pieces.some((piece) => isLent(piece))).toBe(false)
  })

  test('has a piece that is kept keep little else', () => {
    const memory = make()
    for (let round = 0; round < 100; round += 1)
      expect(receive(memory, 600, round).buffer.byteLength).toBeLessThanOrEqual(2 * SMALL_BYTES)
  })

  test('has as much room as was asked for, and no more than it says', () => {
    const memory = make()
    for (let round = 0; round < 200; round += 1) {
      const least = round % 2 === 0 ? SMALL_BYTES : 4096
      const room = memory.makeRoom(least)
      expect(room).toBeGreaterThanOrEqual(least)
      expect(room).toBeLessThanOrEqual(Math.min(SMALL_BYTES, memory.slab.bytes.length - memory.used))
      memory.take(room - (round % 3))
    }
  })

  test('has what is kept of a slab fill most of it', () => {
    const memory = make()
    const slabs = new Set<ArrayBufferLike>()
    for (let round = 0; round < 1000; round += 1) slabs.add(receive(memory, 1600, round).buffer)
    expect(slabs.size * 2 * SMALL_BYTES).toBeLessThan(1000 * 1600 * 1.25)
  })

  test('lends its large buffer, which what comes next overwrites: who keeps of it has a copy', () => {
    const memory = make()
    memory.large.bytes.fill('a')
    const piece = memory.large.bytes.subarray(10, 20)
    const kept = retained(piece)
    memory.large.bytes.fill('b')
    expect([isLent(piece), piece.toString(), kept.toString()]).toEqual([true, 'b'.repeat(10), 'a'.repeat(10)])
    expect([isLent(kept), memory.large.bytes.length]).toEqual([false, LARGE_BYTES])
  })

  test('lends one of its own beside that of another', () => {
    const [one, other] = [make(), make()]
    for (const { large } of [one, other]) expect(isLent(large.bytes.subarray(1))).toBe(true)
  })

  test('knows where its pieces lie, and asks for those of others', () => {
    const memory = make()
    const small = receive(memory, 100, 1)
    const other = Buffer.from(new ArrayBuffer(64))
    expect(memory.addressOf(small)).toBe(memory.slab.address + small.byteOffset)
    expect(memory.addressOf(memory.large.bytes.subarray(7))).toBe(memory.large.address + 7)
    expect(memory.addressOf(other.subarray(5)) - memory.addressOf(other)).toBe(5)
  })
})
