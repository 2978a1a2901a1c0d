/**
 * A check by grpc.health.v1 (gRPC's own health-checking protocol): one call, what is asked and what the answer says. No
 * sockets.
 */
import { ProtocolError } from '../errors.ts'
import { GRPC_CODES } from '../http1/grpc.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { type CheckListener, Http2Call } from './http2-call.ts'
import type { Inquiry, Line, Verdict } from './inquiry.ts'

/** Of HealthCheckResponse.ServingStatus. */
const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const SERVING = 1
/** A message is as long as its status takes; whoever sends more is no health service. */
const MAX_MESSAGE_BYTES = 256
const MAX_WORDS = 60
const SPEAKS_HTTP_1 =
  'speaks HTTP/1.x, and gRPC needs HTTP/2: "check" may be "http", and "protocol" of its pool "http/1.1"'

/** `service`: '' for the whole server, at most 127 bytes. */
export function createGrpcCheck(service: string, { authority, scheme, send }: Line, limits: HttpLimits): Inquiry {
  const answer = new Answer()
  const call = new Http2Call(answer, limits, send, SPEAKS_HTTP_1)
  return {
    kind: 'gRPC',
    begin: () =>
      call.begin({
        fields: [
          [':method', 'POST'],
          [':scheme', scheme],
          [':path', '/grpc.health.v1.Health/Check'],
          [':authority', authority],
          ['content-type', 'application/grpc'],
          ['te', 'trailers'],
          ['user-agent', 'smartedge-health'],
        ],
        body: requestFor(service),
      }),
    read(piece) {
      call.read(piece)
      return answer.verdict
    },
    get isOver() {
      return call.isOver
    },
  }
}

class Answer implements CheckListener {
  verdict: Verdict | undefined = undefined
  private readonly fields = new Map<string, string>()
  private message = Buffer.alloc(0)

  onField(name: string, value: string): void {
    this.fields.set(name, value)
  }

  onFields(): void {}

  onContent(bytes: Buffer, start: number, end: number): void {
    this.message = Buffer.concat([this.message, bytes.subarray(start, end)])
    if (this.message.length > MAX_MESSAGE_BYTES) throw new ProtocolError('the answer is too long for a health check')
  }

  onEnd(): void {
    const code = this.fields.get('grpc-status')
    const status = this.fields.get(':status')
    if (code === undefined)
      this.verdict = { passed: false, detail: `not gRPC: answered ${status ?? 'nothing'} without a grpc-status` }
    else if (code !== '0') this.verdict = { passed: false, detail: this.failed(code) }
    else {
      const serving = statusIn(this.message)
      this.verdict = { passed: serving === SERVING, detail: SERVING_STATUSES[serving] ?? `status ${serving}` }
    }
  }

  onFailure(detail: string): void {
    this.verdict = { passed: false, detail }
  }

  private failed(code: string): string {
    const message = this.fields.get('grpc-message') ?? ''
    const words = `${GRPC_CODES[Number(code)] ?? `status ${code}`} ${message}`
    return words
      .replace(/[^ -~]/g, '?')
      .slice(0, MAX_WORDS)
      .trim()
  }
}

/** HealthCheckRequest { service = 1 }, with the prefix of gRPC: not compressed, and its length. */
function requestFor(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name])
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
}

/** `status` (field 1, a varint) of HealthCheckResponse; 0 is what is left out. Throws ProtocolError for what is none. */
function statusIn(body: Buffer): number {
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5)
    throw new ProtocolError('the answer is no message of gRPC')
  if (body.length === 5) return 0
  if (body[5] !== 0x08 || body.length < 7) throw new ProtocolError('the answer is no HealthCheckResponse')
  return body[6] as number
}
