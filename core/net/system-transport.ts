/** The best sockets that this system has. */
import type { SystemClock } from '../clock.ts'
import { openBun } from './bun/transport.ts'
import { openEpoll } from './epoll/transport.ts'
import type { Transport } from './transport.ts'

export type TransportChoice = 'auto' | 'bun'

export interface ChosenTransport {
  readonly transport: Transport
  /** Why it is not the better one, in words; undefined: it is, or nobody wanted it. */
  readonly fallback: string | undefined
}

let best: ChosenTransport | undefined

/** Of one kind there is one a process. What the environment says in SMARTEDGE_TRANSPORT counts where the choice is left open. */
export function chooseTransport(choice: TransportChoice, clock: SystemClock): ChosenTransport {
  return choice === 'bun' || process.env['SMARTEDGE_TRANSPORT'] === 'bun'
    ? { transport: openBun(clock), fallback: undefined }
    : (best ??= findBest(clock))
}

function findBest(clock: SystemClock): ChosenTransport {
  if (process.platform !== 'linux') return { transport: openBun(clock), fallback: undefined }
  try {
    return { transport: openEpoll(clock), fallback: undefined }
  } catch (error) {
    return { transport: openBun(clock), fallback: error instanceof Error ? error.message : String(error) }
  }
}
