/**
 * Asks a service over HTTP and reads its answer whole, within bounds: what the data plane must know of somebody who is no
 * backend.
 */
import type { Cancel, Clock } from '../clock.ts'
import { inEvent, type ReportFault } from './event.ts'
import { bodyOf, reasonOf, request, type ServiceRequest } from './service-request.ts'

/** A GET, or a POST or PUT of its body. */
export interface Question extends ServiceRequest {
  /** From now to the answer's end. */
  readonly timeoutMs: number
  /** Of the answer's body. */
  readonly maxBodyBytes: number
}

export type Answer =
  | {
      readonly kind: 'answered'
      /** Whatever it was: 0..999. */
      readonly status: number
      /** Values one character a byte; lines of one name are joined by a comma, but for those of Set-Cookie. */
      readonly fields: Headers
      /** undefined: it is longer than was asked for. */
      readonly body: Buffer | undefined
    }
  | { readonly kind: 'failed'; readonly detail: string }

/** `heard` is called once, in an event of its own, unless the cancel that is returned is called before. */
export type Ask = (question: Question, heard: (answer: Answer) => void) => Cancel

export function createAsk(clock: Pick<Clock, 'after'>, reportFault: ReportFault): Ask {
  return (question, heard) => {
    const { timeoutMs } = question
    const controller = new AbortController()
    let isOver = false
    const end = (answer: Answer): void => {
      if (isOver) return
      isOver = true
      cancelTimer()
      inEvent(reportFault, () => heard(answer))
    }
    const cancelTimer = clock.after(timeoutMs, () => {
      end({ kind: 'failed', detail: `no whole answer within ${timeoutMs} ms` })
      controller.abort()
    })
    answerTo(question, controller.signal).then(end, (error: unknown) =>
      end({ kind: 'failed', detail: reasonOf(error) }),
    )
    return () => {
      isOver = true
      cancelTimer()
      controller.abort()
    }
  }
}

async function answerTo(question: Question, signal: AbortSignal): Promise<Answer> {
  const response = await request(question, signal)
  const body = await bodyOf(response, question.maxBodyBytes)
  return { kind: 'answered', status: response.status, fields: response.headers, body }
}
