import { describe, expect, test } from 'bun:test'
import { Kept } from '../../../core/net/kept.ts'
import { Pipe } from '../../../core/net/pipe.ts'
import type { WireSocket } from '../../../core/net/wire-socket.ts'

/** A socket that takes of each send what it is told to, and how often it was asked. */
function socketTaking(...rooms: number[]) {
  let sent = ''
  let asked = 0
  const take = (length: number): number => Math.min(length, rooms[asked++] ?? -1)
  const socket = {
    write(bytes: Buffer, offset: number, length: number) {
      const taken = take(length)
      if (taken > 0) sent += bytes.toString('latin1', offset, offset + taken)
      return taken
    },
    sendFrom(pipe: Pipe) {
      const taken = take(pipe.pending)
      if (taken > 0) {
        sent += '|'.repeat(taken)
        pipe.onLeft(taken)
      }
      return taken
    },
  } as WireSocket
  return { socket, sent: () => sent, asked: () => asked }
}

const pipeWith = (pending: number): Pipe => {
  const pipe = new Pipe({ reader: 1, writer: 2, close() {} }, { keep() {}, onClosed() {} })
  pipe.pending = pending
  return pipe
}

describe('what is kept', () => {
  test('goes out in order, pieces and what lies in a pipe', () => {
    const kept = new Kept(Buffer.from('abc'))
    for (const piece of [pipeWith(2), Buffer.from('de')]) kept.push(piece)
    const { socket, sent, asked } = socketTaking(9, 9, 9)
    expect([kept.sendOn(socket), kept.isEmpty, sent(), asked()]).toEqual([7, true, 'abc||de', 3])
  })

  test.each([
    ['bytes', Buffer.from('abc'), 'abcz'],
    ['a pipe', pipeWith(3), '|||z'],
  ])('is sent on from where a short send of %s ended, which is not asked for more at once', (_what, piece, all) => {
    const kept = new Kept(piece)
    kept.push(Buffer.from('z'))
    const { socket, sent, asked } = socketTaking(1, 0, 1, 9, 9)
    for (const [taken, calls] of [
      [1, 1],
      [0, 2],
      [1, 3],
      [2, 5],
    ] as const)
      expect([kept.sendOn(socket), asked()]).toEqual([taken, calls])
    expect([sent(), kept.isEmpty]).toEqual([all, true])
  })

  test('stays when the socket is closed', () => {
    const kept = new Kept(Buffer.from('abc'))
    expect([kept.sendOn(socketTaking().socket), kept.isEmpty]).toEqual([0, false])
  })
})
