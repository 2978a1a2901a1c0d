/** A server of gRPC by grpc-js: bytes in, bytes out, without generated code. Run as a program it serves from the port that it is told, until it is killed. */
import { once } from 'node:events'
import * as grpc from '@grpc/grpc-js'

type Unary = grpc.ServerUnaryCall<Buffer, Buffer>
type Reply = grpc.sendUnaryData<Buffer>

export interface GrpcServer extends AsyncDisposable {
  readonly port: number
  /** Calls of `Slow` and `Endless` that their clients have given up. */
  readonly cancelled: number
  /** Bytes of `Endless` that went out, or wait to. */
  readonly written: number
}

export const PIECE = Buffer.alloc(64 * 1024, 'x')

const bytes = (value: Buffer): Buffer => value
const metadata = (values: Readonly<Record<string, string>>): grpc.Metadata => {
  const made = new grpc.Metadata()
  for (const [name, value] of Object.entries(values)) made.set(name, value)
  return made
}

const KINDS = {
  Unary: [false, false],
  Fail: [false, false],
  Slow: [false, false],
  Busy: [false, false],
  Stream: [false, true],
  Endless: [false, true],
  Collect: [true, false],
  Chat: [true, true],
} as const

const service: grpc.ServiceDefinition = Object.fromEntries(
  Object.entries(KINDS).map(([name, [requestStream, responseStream]]) => {
    const path = `/t.T/${name}`
    const serialize = {
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    }
    return [name, { path, requestStream, responseStream, ...serialize }]
  }),
)

/** `busy`: what `Busy` answers: a wait for whoever tries again, or nothing about that. */
export async function startGrpcServer({ port = 0, busy }: { port?: number; busy?: string } = {}): Promise<GrpcServer> {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 })
  let cancelled = 0
  let written = 0
  const onCancelled = (): void => void (cancelled += 1)
  server.addService(service, {
    Unary(call: Unary, reply: Reply) {
      call.sendMetadata(metadata({ 'x-initial': '1' }))
      reply(null, call.request, metadata({ 'x-trailing': '2' }))
    },
    Fail: (_call: Unary, reply: Reply) => reply({ code: grpc.status.NOT_FOUND, details: 'not here: ü' }),
    Slow: (call: Unary) => void call.on('cancelled', onCancelled),
    Busy(call: Unary, reply: Reply) {
      if (busy === undefined) return reply(null, Buffer.from(String(call.metadata.get('grpc-previous-rpc-attempts'))))
      const wait = busy === '' ? {} : { 'grpc-retry-pushback-ms': busy }
      reply({ code: grpc.status.UNAVAILABLE, details: 'busy', metadata: metadata(wait) })
    },
    async Stream(call: grpc.ServerWritableStream<Buffer, Buffer>) {
      for (let left = Number(call.request); left > 0; left -= 1) if (!call.write(PIECE)) await once(call, 'drain')
      call.end()
    },
    async Endless(call: grpc.ServerWritableStream<Buffer, Buffer>) {
      const left = new AbortController()
      call.on('cancelled', onCancelled)
      call.on('cancelled', () => left.abort())
      while (!call.cancelled) {
        written += PIECE.length
        if (!call.write(PIECE)) await once(call, 'drain', left).catch(() => undefined)
      }
    },
    Collect(call: grpc.ServerReadableStream<Buffer, Buffer>, reply: Reply) {
      let sum = 0
      call.on('data', (message: Buffer) => void (sum += message.length))
      call.on('end', () => reply(null, Buffer.from(String(sum))))
    },
    Chat(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
      call.on('data', (message: Buffer) => void call.write(message))
      call.on('end', () => call.end())
    },
  })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  )
  return {
    port: await promise,
    get cancelled() {
      return cancelled
    },
    get written() {
      return written
    },
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  }
}

if (import.meta.main) {
  await startGrpcServer({ port: Number(process.argv[2]) })
  process.stdout.write('.')
}
