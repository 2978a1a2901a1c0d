/**
 * Connects by Bun.connect alone, where libc cannot be had. Bun 1.4.5 can't give a connect up: the kernel keeps such a socket
 * for two minutes, so they are bounded for each peer, and one that opens after all is closed. And a lack of descriptors looks
 * like a refusal: whether one can still be had is looked at.
 */
import { closeSync, openSync } from 'node:fs'
import type { Connect, Endpoint } from '../connect.ts'
import { codeOf } from '../error-code.ts'
import { inEvent } from '../event.ts'
import { type BunMeans, type ConnectOwner, connectHandlers } from './handlers.ts'

/** Connects to one peer that nobody waits for any more, yet are under way; more connects to it fail at once. */
const MAX_GIVEN_UP = 32

export function connectByBun(means: BunMeans): Connect {
  const { reportFault } = means
  const givenUp = new Map<string, number>()
  const count = (peer: string, change: number): void => {
    const left = (givenUp.get(peer) ?? 0) + change
    if (left === 0) givenUp.delete(peer)
    else givenUp.set(peer, left)
  }
  const handlers = connectHandlers(means)
  return (endpoint, events) => {
    const peer = keyOf(endpoint)
    let state: 'pending' | 'given up' | 'over' = 'pending'
    const end = (): boolean => {
      const isWanted = state === 'pending'
      if (state === 'given up') count(peer, -1)
      state = 'over'
      return isWanted
    }
    const fail = (code: string): void => inEvent(reportFault, () => end() && events.onFailed(code))
    const cancel = (): void => {
      if (state === 'pending') count(peer, 1)
      if (state === 'pending') state = 'given up'
    }
    if ((givenUp.get(peer) ?? 0) >= MAX_GIVEN_UP) {
      queueMicrotask(() => fail('ENOBUFS'))
      return cancel
    }
    const owner: ConnectOwner = {
      opened: (socket) => (end() ? events.onConnected(socket) : socket.terminate()),
      received() {},
      drained() {},
      peerEnded() {},
      closed() {},
    }
    const shared = { socket: handlers, data: owner, allowHalfOpen: true }
    const opening = Promise.try(() =>
      endpoint.kind === 'unix'
        ? Bun.connect<ConnectOwner>({ ...shared, unix: endpoint.path })
        : Bun.connect<ConnectOwner>({ ...shared, hostname: endpoint.address, port: endpoint.port }),
    )
    // By its promise and not by `connectError`, which for a Unix socket comes before `Bun.connect` has returned.
    opening.catch((error: unknown) => fail(reasonOf(error)))
    return cancel
  }
}

const keyOf = (endpoint: Endpoint): string =>
  endpoint.kind === 'unix' ? endpoint.path : `${endpoint.address} ${endpoint.port}`

function reasonOf(error: unknown): string {
  const code = codeOf(error) ?? 'EUNKNOWN'
  return code === 'ECONNREFUSED' && !canOpen() ? 'EMFILE' : code
}

function canOpen(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'))
    return true
  } catch {
    return false
  }
}
