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
/** Of lines that are told in one turn: some 2 ms of work for whoever reads members from them. A longer line has one of its own. */
const TURN_CHARS = 16 * 1024

export function createAskLines(clock: Pick<Clock, 'after' | 'soon'>, reportFault: ReportFault): AskLines {
  const turn = (): Promise<void> => new Promise((resolve) => clock.soon(resolve))
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
    follow(question, controller.signal, { opened, line, turn }).then(end, (error: unknown) =>
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
  { opened, line, turn }: Pick<LinesSink, 'opened' | 'line'> & { readonly turn: () => Promise<void> },
): Promise<LinesEnd> {
  const response = await request(question, signal)
  const { status, body } = response
  if (status !== 200) {
    const text = await bodyOf(response, MAX_REFUSAL_BYTES)
    return { kind: 'refused', status, body: text?.toString() ?? '' }
  }
  opened()
  if (body === null) return { kind: 'ended', detail: 'it has ended' }
  const splitter = new LineSplitter(question.maxLineBytes)
  const reader = body.getReader()
  let told = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { kind: 'ended', detail: 'it has ended' }
    for (const text of splitter.push(value)) {
      line(text)
      told += text.length
      if (told < TURN_CHARS) continue
      // A server that says much at once, or does not pause, holds up no traffic.
      told = 0
      await turn()
      signal.throwIfAborted()
    }
    if (splitter.isTooLong) return { kind: 'ended', detail: `a line is longer than ${question.maxLineBytes} bytes` }
  }
}

const LINE_FEED = 0x0a

/** Pieces as they come -> lines; what belongs to no whole line yet is kept. */
class LineSplitter {
  /** Longer than `maxBytes`: nothing more is to be pushed. */
  isTooLong = false
  private readonly maxBytes: number
  private pieces: Uint8Array[] = []
  private length = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Those that end in it, none of them empty. */
  *push(piece: Uint8Array): Generator<string, void> {
    let from = 0
    for (;;) {
      const end = piece.indexOf(LINE_FEED, from)
      this.keep(piece.subarray(from, end === -1 ? piece.length : end))
      if (this.isTooLong || end === -1) return
      const text = Buffer.concat(this.pieces).toString().trimEnd()
      this.pieces = []
      this.length = 0
      if (text !== '') yield text
      from = end + 1
    }
  }

  private keep(piece: Uint8Array): void {
    if (piece.length > 0) this.pieces.push(piece)
    this.length += piece.length
    this.isTooLong = this.length > this.maxBytes
  }
}
