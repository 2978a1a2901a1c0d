import type { Socket } from 'bun'
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../../core/clock.ts'
import { handlersFor } from '../../../../core/net/bun/handlers.ts'
import type { SocketOwner } from '../../../../core/net/wire-socket.ts'
import { fail } from '../../../support/fail.ts'
import { turn } from '../../../support/raw-peer.ts'

/** A socket of Bun's that writes down what is done to it, and the handler of what it reads. */
function reading() {
  const log: string[] = []
  const owner = {
    isPaused: false,
    received: () => void log.push('received'),
    drained() {},
    peerEnded() {},
    closed() {},
  }
  const socket = { data: owner, pause: () => log.push('pause'), resume: () => log.push('resume') }
  const handlers = handlersFor<SocketOwner>(() => undefined, { reportFault: fail, clock: systemClock })
  const read = (length: number): void =>
    void handlers.data?.(socket as unknown as Socket<SocketOwner>, Buffer.alloc(length))
  return { log, owner, read }
}

describe('a socket of Bun', () => {
  test('lets others have a turn behind all that one read can bring', async () => {
    const { log, read } = reading()
    read(512 * 1024 - 1)
    expect(log).toEqual(['received'])
    read(512 * 1024)
    expect(log).toEqual(['received', 'received', 'pause'])
    await turn()
    expect(log).toEqual(['received', 'received', 'pause', 'resume'])
  })

  test('stays paused behind its rest when its owner wants that', async () => {
    const { log, owner, read } = reading()
    read(512 * 1024)
    owner.isPaused = true
    await turn()
    expect(log).toEqual(['received', 'pause'])
  })
})
