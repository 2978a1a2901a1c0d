/**
 * Requests of a client that has taken back others of late (CVE-2023-44487): each begins when it is its turn behind others, and
 * costs next to nothing if it has been taken back by then.
 */
import type { Http2Stream } from './http2-stream.ts'
import type { RequestHandler } from './request-handler.ts'
import type { Turn } from './turns.ts'

export class LateRequests implements Turn {
  private readonly handler: RequestHandler
  private readonly streams = new Set<Http2Stream>()

  constructor(handler: RequestHandler) {
    this.handler = handler
  }

  add(stream: Http2Stream): void {
    this.streams.add(stream)
    this.handler.turns.wait(this)
  }

  /** It is over. */
  forget(stream: Http2Stream): void {
    this.streams.delete(stream)
  }

  onTurn(): void {
    const { handler, streams } = this
    for (const stream of streams) {
      streams.delete(stream)
      stream.readHead()
      handler.onRequest(stream)
      if (handler.turns.isOver) break
    }
    if (streams.size > 0) handler.turns.wait(this)
  }
}
