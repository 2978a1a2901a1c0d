/**
 * A response on its way to a client of `Bun.serve`: what is whole within one event goes out as it is, with its length; of
 * everything else the head goes out at once and the body as a stream, which tells when the client takes no more.
 */
import { dropTable, markNamedByConnection, markRepeats } from '../forward/forwarded-fields.ts'
import * as kind from '../http1/field-names.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { retained } from '../net/retained.ts'
import { readOwnHead } from './http2-own-response.ts'

export type FieldPair = [name: string, value: string]

/** What Bun is told of a head; Date it adds where there is none. */
export interface ServedHead {
  /** 200..599. */
  readonly status: number
  readonly headers: FieldPair[]
}

/** Who answers. */
export interface ResponseOwner {
  /** Does what comes in no event of ours. */
  inEvent(task: () => void): void
  /** The client takes more. */
  onRoom(): void
  /** The client has left. */
  onGone(): void
}

/** What is kept for a client that reads slowly, beside what Bun and the system keep. */
const MAX_WAITING_BYTES = 64 * 1024
const DROPS = dropTable()
/** 204 may say nothing of a length (RFC 9110 8.6). */
const BODILESS_DROPS = dropTable(kind.CONTENT_LENGTH)
const CLOSE: FieldPair = ['connection', 'close']

/** `closes`: the client is told that its connection ends behind it; of HTTP/1. Spoils `head` for other use. */
export function servedHead(head: ResponseHead, closes: boolean): ServedHead {
  const { fields, status } = head
  if (fields.connection !== 0) markNamedByConnection(fields)
  if (fields.contentLength !== -1) markRepeats(fields, kind.CONTENT_LENGTH)
  const drops = status === 204 ? BODILESS_DROPS : DROPS
  const headers: FieldPair[] = []
  for (let index = 0; index < fields.count; index += 1) {
    if (drops[fields.kinds[index] as number] !== 0) continue
    const name = fields.bytes.toString('latin1', fields.starts[index], fields.colons[index])
    headers.push([name, fields.value(index)])
  }
  for (const line of head.added.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 1).trim()])
  }
  if (closes) headers.push(CLOSE)
  return { status, headers }
}

/** A whole response of our own, as it would go out over HTTP/1.1. */
export function servedWhole(bytes: Buffer, closes: boolean): Response {
  const head = readOwnHead(bytes)
  const start = head.fields.end
  const { status, headers } = servedHead(head, closes)
  return new Response(start === bytes.length ? null : bytes.subarray(start), { status, headers })
}

export class ServedResponse {
  private readonly owner: ResponseOwner
  private readonly opened = Promise.withResolvers<Response>()
  private head: ServedHead | undefined = undefined
  /** What has come in the event in which the head did. */
  private pieces: Buffer[] = []
  private pieceBytes = 0
  private stage: 'none' | 'gathering' | 'streaming' | 'over' = 'none'
  private controller: ReadableStreamDefaultController<Buffer> | undefined = undefined

  constructor(owner: ResponseOwner) {
    this.owner = owner
  }

  /** Resolves when the head may go out; never rejects. */
  get response(): Promise<Response> {
    return this.opened.promise
  }

  /** Nothing of it has gone out. */
  get isUnsent(): boolean {
    return this.stage === 'gathering'
  }

  get isBlocked(): boolean {
    if (this.stage === 'gathering') return this.pieceBytes >= MAX_WAITING_BYTES
    return this.stage === 'streaming' && (this.controller?.desiredSize ?? 0) <= 0
  }

  begin(head: ServedHead): void {
    this.head = head
    this.stage = 'gathering'
    queueMicrotask(() => {
      if (this.stage === 'gathering') this.owner.inEvent(() => this.open())
    })
  }

  /** All of it at once. */
  answer(response: Response): void {
    this.stage = 'over'
    this.opened.resolve(response)
  }

  send(bytes: Buffer, start: number, end: number): void {
    const piece = retained(bytes.subarray(start, end))
    if (this.stage === 'streaming') return this.controller?.enqueue(piece)
    this.pieces.push(piece)
    this.pieceBytes += piece.length
  }

  end(): void {
    if (this.stage === 'streaming') {
      this.stage = 'over'
      return this.controller?.close()
    }
    const { headers } = this.head as ServedHead
    // Of bytes without a type Bun tells one; of a stream it does not.
    if (this.pieces.length > 0 && !headers.some(([name]) => name.toLowerCase() === 'content-type')) {
      this.open()
      return this.end()
    }
    this.answer(this.made(this.pieces.length === 0 ? null : Buffer.concat(this.pieces)))
  }

  /** It is over, and seen as truncated by the client. */
  cut(): void {
    if (this.stage === 'streaming') this.controller?.error(new Error('the response was cut'))
    this.drop()
  }

  /** Nobody wants the rest. */
  drop(): void {
    if (this.stage !== 'streaming') this.opened.resolve(new Response(null, { status: 502 }))
    this.stage = 'over'
    this.controller = undefined
    this.pieces = []
  }

  private open(): void {
    this.stage = 'streaming'
    const stream = new ReadableStream<Buffer>(
      {
        start: (controller) => {
          this.controller = controller
          for (const piece of this.pieces) controller.enqueue(piece)
          this.pieces = []
        },
        pull: () => this.owner.onRoom(),
        cancel: () => this.owner.onGone(),
      },
      { highWaterMark: MAX_WAITING_BYTES, size: (piece) => piece?.length ?? 0 },
    )
    this.opened.resolve(this.made(stream))
  }

  private made(body: Buffer | ReadableStream<Buffer> | null): Response {
    return new Response(body, this.head)
  }
}
