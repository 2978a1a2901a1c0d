/** Client, edge and backend, joined: what most end-to-end tests need. Disposing of it checks what the edge's checks. */
import { type EdgeOverrides, startTestEdge, type TestEdge } from './edge.ts'
import { answering, type Arrival, type RawBackend, startRawBackend } from './raw-backend.ts'
import { connectTo } from './raw-client.ts'
import type { PeerOptions, RawPeer } from './raw-peer.ts'

export interface RigOptions extends EdgeOverrides {
  /** The backend's answer to every request: bytes, or what to do. Without it, the test answers for itself. */
  readonly answer?: string | ((arrival: Arrival) => void)
  readonly backend?: PeerOptions
  readonly client?: PeerOptions
}

export interface Rig {
  readonly backend: RawBackend
  readonly edge: TestEdge
  readonly client: RawPeer
  /** One more client. */
  connect(options?: PeerOptions): Promise<RawPeer>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack()
  const { answer } = options
  const scripted = typeof answer === 'string' ? answering(answer) : answer
  const backend = stack.use(startRawBackend({ ...options.backend, ...(scripted && { answer: scripted }) }))
  const edge = stack.use(await startTestEdge([backend.port], options))
  const connect = async (peerOptions?: PeerOptions) => stack.use(await connectTo(edge.port, peerOptions))
  const client = await connect(options.client)
  return { backend, edge, client, connect, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
