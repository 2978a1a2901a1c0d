/** A client of gRPC by grpc-js, for the methods of `grpc-server.ts`. */
import * as grpc from '@grpc/grpc-js'

/** What a call has come to, in gRPC's words. */
export interface Outcome {
  readonly code: string
  readonly details: string
  /** undefined: no message came. */
  readonly message: Buffer | undefined
  readonly initial: Readonly<Record<string, grpc.MetadataValue>>
  readonly trailing: Readonly<Record<string, grpc.MetadataValue>>
}

export interface Calling {
  readonly deadlineMs?: number
  /** Gives the call up when it is. */
  readonly signal?: AbortSignal
}

const bytes = (value: Buffer): Buffer => value

export class GrpcClient implements Disposable {
  private readonly client: grpc.Client

  constructor(port: number) {
    this.client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      // Each test's own connection, and retries by whom is tested alone.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
    })
  }

  unary(method: string, request: Buffer | string, { deadlineMs, signal }: Calling = {}): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const options = deadlineMs === undefined ? {} : { deadline: new Date(Date.now() + deadlineMs) }
    let message: Buffer | undefined
    let initial: Outcome['initial'] = {}
    const call = this.client.makeUnaryRequest(
      `/t.T/${method}`,
      bytes,
      bytes,
      Buffer.from(request),
      new grpc.Metadata(),
      options,
      (_error, value?: Buffer) => void (message = value),
    )
    call.on('metadata', (came) => void (initial = came.getMap()))
    call.on('status', ({ code, details, metadata: trailers }) =>
      // Behind the callback, which grpc-js may call later.
      setImmediate(() => resolve({ code: grpc.status[code], details, message, initial, trailing: trailers.getMap() })),
    )
    signal?.addEventListener('abort', () => call.cancel())
    return promise
  }

  stream(method: string, request: string): grpc.ClientReadableStream<Buffer> {
    return this.client.makeServerStreamRequest(`/t.T/${method}`, bytes, bytes, Buffer.from(request))
  }

  collect(messages: readonly Buffer[]): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const call = this.client.makeClientStreamRequest('/t.T/Collect', bytes, bytes, (error, value?: Buffer) =>
      value === undefined ? reject(error ?? new Error('no message')) : resolve(value),
    )
    for (const message of messages) call.write(message)
    call.end()
    return promise
  }

  chat(): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest('/t.T/Chat', bytes, bytes)
  }

  [Symbol.dispose](): void {
    this.client.close()
  }
}
