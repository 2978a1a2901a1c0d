/**
 * Asks a service over HTTP for what goes on: an answer without an end, of lines, each told as it comes. A watch of etcd or
 * Kubernetes, the events of Docker.
 */
import type { Cancel, Clock } from '../clock.ts'
import { inEvent, type ReportFault } from './event.ts'
import { bodyOf, reasonOf, request, type ServiceRequest } from './service-request.ts'

export interface LinesQuestion extends ServiceRequest {
  /** From now to the answer's head. */
  readonly timeoutMs: number
  /** The longest line, without its end; a longer one ends it. */
  readonly maxLineBytes: number
}

export type LinesEnd =
  /** Any status but 200; the first of its body. */
  | { readonly kind: 'refused'; readonly status: number; readonly body: string }
  /** It has ended, or was never had; in words. */
  | { readonly kind: 'ended'; readonly detail: string }

/** Each call in an event of its own; none behind `ended`, nor once it was cancelled. */
export interface LinesSink {
  /** It is followed from now on. */
  opened(): void
  /** Never empty. What is behind the last end of a line when the answer ends is no line. */
  line(text: string): void
  ended(end: LinesEnd): void
}

export type AskLines = (question: LinesQuestion, sink: LinesSink) => Cancel

/** What is read of an answer that is no list of lines. */
const MAX_REFUSAL_BYTES = 4096

export function createAskLines(clock: Pick<Clock, 'after'>, reportFault: ReportFault): AskLines {
  return (question, sink) => {
    const controller = new AbortController()
    let isOver = false
    const tell = (task: () => void): void => {
      if (!isOver) inEvent(reportFault, task)
    }
    const end = (how: LinesEnd): void => {
      cancelTimer()
      tell(() => {
        isOver = true
        sink.ended(how)
      })
      controller.abort()
    }
    const cancelTimer = clock.after(question.timeoutMs, () =>
      end({ kind: 'ended', detail: `no answer within ${question.timeoutMs} ms` }),
    )
    const opened = (): void => {
      cancelTimer()
      tell(() => sink.opened())
    }
    const line = (text: string): void => tell(() => sink.line(text))
    follow(question, controller.signal, { opened, line }).then(end, (error: unknown) =>
      end({ kind: 'ended', detail: reasonOf(error) }),
    )
    return () => {
      isOver = true
      cancelTimer()
      controller.abort()
    }
  }
}

async function follow(
  question: LinesQuestion,
  signal: AbortSignal,
  { opened, line }: Pick<LinesSink, 'opened' | 'line'>,
): Promise<LinesEnd> {
  const response = await request(question, signal)
  const { status, body } = response
  if (status !== 200) {
    const text = await bodyOf(response, MAX_REFUSAL_BYTES)
    return { kind: 'refused', status, body: text?.toString() ?? '' }
  }
  opened()
  if (body === null) return { kind: 'ended', detail: 'it has ended' }
  const splitter = new LineSplitter(question.maxLineBytes, line)
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { kind: 'ended', detail: 'it has ended' }
    if (!splitter.push(value)) return { kind: 'ended', detail: `a line is longer than ${question.maxLineBytes} bytes` }
  }
}

const LINE_FEED = 0x0a

/** Pieces as they come -> lines; what belongs to no whole line yet is kept. */
class LineSplitter {
  private readonly maxBytes: number
  private readonly line: (text: string) => void
  private pieces: Uint8Array[] = []
  private length = 0

  constructor(maxBytes: number, line: (text: string) => void) {
    this.maxBytes = maxBytes
    this.line = line
  }

  /** false: a line is too long. */
  push(piece: Uint8Array): boolean {
    let from = 0
    for (;;) {
      const end = piece.indexOf(LINE_FEED, from)
      if (!this.keep(piece.subarray(from, end === -1 ? piece.length : end))) return false
      if (end === -1) return true
      const text = Buffer.concat(this.pieces).toString().trimEnd()
      this.pieces = []
      this.length = 0
      if (text !== '') this.line(text)
      from = end + 1
    }
  }

  private keep(piece: Uint8Array): boolean {
    if (piece.length > 0) this.pieces.push(piece)
    this.length += piece.length
    return this.length <= this.maxBytes
  }
}
