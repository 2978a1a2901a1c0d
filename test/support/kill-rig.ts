/** Clients that ask without a pause while one backend after the other is killed and started again; counts what they lose. */
import { startTestEdge } from './edge.ts'
import { startKillableBackend } from './killable-backend.ts'
import { freePorts } from './ports.ts'
import { connectTo, get, nextResponse } from './raw-client.ts'
import { turn } from './raw-peer.ts'

export interface KillTally {
  readonly requests: number
  /** What clients got instead of 200, in words. */
  readonly failures: readonly string[]
  /** Attempts that came to nothing and were made good. */
  readonly retries: number
}

const CLIENTS = 16
/** Asked between two kills at least, so that each kill meets kept connections that are in use. */
const REQUESTS_BETWEEN = 200

export async function killBackends(backends: number, kills: number): Promise<KillTally> {
  await using children = new AsyncDisposableStack()
  const members = await Promise.all(freePorts(backends).map(startKillableBackend))
  for (const member of members) children.defer(() => member.kill())
  await using edge = await startTestEdge(
    members.map(({ port }) => port),
    { pool: { strategy: { use: 'round-robin', options: undefined } } },
  )
  const failures: string[] = []
  const state = { requests: 0, isStopping: false }

  async function ask(): Promise<void> {
    await using client = await connectTo(edge.port)
    while (!state.isStopping) {
      client.send(get())
      const { status, body } = await nextResponse(client)
      state.requests += 1
      if (status !== 200) failures.push(`${status} ${body.trim()}`)
    }
  }

  const asking = Promise.all(Array.from({ length: CLIENTS }, ask))
  const more = async (): Promise<void> => {
    const until = state.requests + REQUESTS_BETWEEN
    while (state.requests < until) await turn()
  }
  for (let kill = 0; kill < kills; kill += 1) {
    await more()
    const member = members[kill % members.length]!
    await member.kill()
    await more()
    await member.restart()
  }
  await more()
  state.isStopping = true
  await asking
  return { requests: state.requests, failures, retries: edge.counters.retries }
}
