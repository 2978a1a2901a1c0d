/** Each kind of sockets that this system has, for suites that hold for all. */
import { systemClock } from '../../core/clock.ts'
import { openBun } from '../../core/net/bun/transport.ts'
import { openEpoll } from '../../core/net/epoll/transport.ts'
import { chooseTransport } from '../../core/net/system-transport.ts'
import type { Transport } from '../../core/net/transport.ts'

/** What tests use that are not about sockets. */
export const { transport: systemTransport } = chooseTransport('auto', systemClock)

/** For `describe.each`. */
export const transports: readonly (readonly [string, Transport])[] = [
  ['Bun', openBun(systemClock)],
  ...(process.platform === 'linux' ? [['epoll', chosenEpoll()] as const] : []),
]

/** By the name that it has there. */
export function transportOf(name: string): Transport {
  const found = transports.find(([each]) => each === name)
  if (found === undefined) throw new Error(`no transport is called ${name}`)
  return found[1]
}

/** The one of the process, unless the environment keeps tests from it. */
function chosenEpoll(): Transport {
  return systemTransport.name === 'epoll' ? systemTransport : openEpoll(systemClock)
}
