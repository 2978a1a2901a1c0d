/** A service that a test answers for: questions wait until they are told what was said. */
import type { Answer, Ask, Question } from '../../core/net/ask.ts'

export interface Asking {
  readonly question: Question
  /** What of its fields; undefined: it has none of that name. */
  field(name: string): string | undefined
  answer(answer: Answer): void
  /** Before it was answered. */
  isCancelled: boolean
}

export interface FakeAsk {
  readonly ask: Ask
  /** All that was asked, in order. */
  readonly asked: Asking[]
  get last(): Asking
}

export function fakeAsk(): FakeAsk {
  const asked: Asking[] = []
  return {
    asked,
    get last() {
      const last = asked.at(-1)
      if (last === undefined) throw new Error('nothing was asked')
      return last
    },
    ask(question, heard) {
      let isOver = false
      const asking: Asking = {
        question,
        field: (name) => question.fields.find(([known]) => known === name)?.[1],
        answer(answer) {
          isOver = true
          heard(answer)
        },
        isCancelled: false,
      }
      asked.push(asking)
      return () => {
        asking.isCancelled = !isOver
      }
    },
  }
}

export const failure = (detail = 'ECONNREFUSED'): Answer => ({ kind: 'failed', detail })

/** `body` undefined: it was too long. */
export const answered = (
  status: number,
  fields: readonly (readonly [string, string])[] = [],
  body: string | undefined = '',
): Answer => {
  const headers = new Headers()
  for (const [name, value] of fields) headers.append(name, value)
  return { kind: 'answered', status, fields: headers, body: Buffer.from(body, 'latin1') }
}

/** One whose body was longer than asked for. */
export const answeredAtLength = (status: number, fields: readonly (readonly [string, string])[] = []): Answer => {
  const answer = answered(status, fields)
  return answer.kind === 'answered' ? { ...answer, body: undefined } : answer
}
