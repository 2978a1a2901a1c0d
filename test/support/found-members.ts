/**
 * SmartEdge in a process of its own, whose members a server tells it, asked without a pause while members come and go and
 * while the server is killed and started again; counts what clients lose, and how long it takes until the newest list counts.
 */
import { freePorts } from './ports.ts'
import { turn } from './raw-peer.ts'
import { startProcess } from './running-process.ts'

/** Backends of these numbers listen at `addressOf` them. */
export const addressOf = (number: number): string => `127.0.0.${number + 1}`

/** A server that tells SmartEdge members. */
export interface Registry extends AsyncDisposable {
  /** The backends are its own: each answers with its number. */
  readonly hasBackends?: true
  /** An item of `discovery`; `port`: where all backends listen. */
  discovery(port: number): object
  /** Backends of these numbers are its members from now on, and no others. */
  list(port: number, ...numbers: number[]): Promise<void>
  /** It is killed. */
  takeAway(): Promise<void>
  bringBack(): Promise<void>
}

export interface FoundTally {
  readonly requests: number
  /** What clients got instead of an answer, in words. */
  readonly failures: readonly string[]
  /** From when the server was told until requests went that way, in ms: to who is new, and to nobody who left. */
  readonly joinMs: number
  readonly leaveMs: number
  /** From when the server was there again until requests went to who had come meanwhile. */
  readonly recoverMs: number
}

const CLIENTS = 8
/** Asked in each state at least. */
const REQUESTS = 300
/** Of the last so many answers none is by who has left. */
const LAST = 100

export async function followMembers(start: () => Promise<Registry>): Promise<FoundTally> {
  await using stack = new AsyncDisposableStack()
  const registry = stack.use(await start())
  const [port = 0] = freePorts(1)
  if (registry.hasBackends === undefined) for (const number of [1, 2, 3]) stack.defer(startBackend(number, port))
  await registry.list(port, 1, 2)
  const edge = stack.use(await startProcess({ pool: { discovery: [registry.discovery(port)] } }))
  await edge.event('ready')
  const clients = startClients(edge.port)
  stack.defer(() => clients.stop())

  await clients.more()
  const joinMs = await clients.until(
    () => registry.list(port, 1, 2, 3),
    (last) => last.includes('3'),
  )
  const leaveMs = await clients.until(
    () => registry.list(port, 2, 3),
    (last) => !last.includes('1'),
  )
  await registry.takeAway()
  await edge.event('discovery-away')
  await clients.more()
  const recoverMs = await clients.until(
    async () => {
      await registry.bringBack()
      await registry.list(port, 1, 2, 3)
    },
    (last) => last.includes('1'),
  )
  await clients.more()
  await clients.stop()
  return { requests: clients.state.requests, failures: clients.state.failures, joinMs, leaveMs, recoverMs }
}

function startBackend(number: number, port: number): () => Promise<void> {
  const server = Bun.serve({ hostname: addressOf(number), port, fetch: () => new Response(String(number)) })
  return () => server.stop(true)
}

function startClients(port: number) {
  const failures: string[] = []
  const state = { requests: 0, failures, isStopping: false, last: [] as string[] }
  const asking = Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (!state.isStopping) {
        try {
          const response = await fetch(`http://127.0.0.1:${port}/`)
          const text = await response.text()
          if (response.status !== 200) failures.push(`${response.status} ${text.slice(0, 100)}`)
          state.last = [...state.last.slice(1 - LAST), text]
        } catch (error) {
          failures.push(String(error))
        }
        state.requests += 1
      }
    }),
  )
  async function more(): Promise<void> {
    const target = state.requests + REQUESTS
    while (state.requests < target) await turn()
  }
  return {
    state,
    more,
    /** How long after `change` it took until `holds` of the last answers, in ms. */
    async until(change: () => Promise<void>, holds: (last: readonly string[]) => boolean): Promise<number> {
      const begin = performance.now()
      await change()
      while (!holds(state.last)) await turn()
      return Math.round(performance.now() - begin)
    },
    async stop(): Promise<void> {
      state.isStopping = true
      await asking
    },
  }
}
