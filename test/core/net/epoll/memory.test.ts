import { describe, expect, test } from 'bun:test'
import { loadCalls } from '../../../../core/net/epoll/calls.ts'
import { LARGE_BYTES, ReceiveMemory, SMALL_BYTES } from '../../../../core/net/epoll/memory.ts'
import { isLent, retained } from '../../../../core/net/retained.ts'
import { fail } from '../../../support/fail.ts'

describe.skipIf(process.platform !== 'linux')('memory for what is received', () => {
  const make = (): ReceiveMemory => new ReceiveMemory(loadCalls() ?? fail(new Error('no libc')))

  /** A small piece of that byte, as a read leaves it. */
  function receive(memory: ReceiveMemory, length: number, byte: number): Buffer {
    memory.makeRoom()
    memory.slab.bytes.fill(byte, memory.used, memory.used + length)
    return memory.take(length)
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

  test('always has room for one whole small piece', () => {
    const memory = make()
    for (let round = 0; round < 200; round += 1) {
      memory.makeRoom()
      expect(memory.slab.bytes.length - memory.used).toBeGreaterThanOrEqual(SMALL_BYTES)
      memory.take(SMALL_BYTES - (round % 3))
    }
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
