/** A service that a test answers line by line. */
import type { AskLines, LinesEnd, LinesQuestion } from '../../core/net/lines.ts'

export interface Followed {
  readonly question: LinesQuestion
  field(name: string): string | undefined
  open(): void
  /** In JSON, unless it is a text. */
  say(...lines: unknown[]): void
  end(end: LinesEnd): void
  /** Before it has ended. */
  isCancelled: boolean
}

export function fakeLines() {
  const asked: Followed[] = []
  const askLines: AskLines = (question, sink) => {
    let isOver = false
    const unlessOver = (task: () => void): void => {
      if (!isOver) task()
    }
    const followed: Followed = {
      question,
      field: (name) => question.fields.find(([known]) => known === name)?.[1],
      open: () => unlessOver(() => sink.opened()),
      say(...lines) {
        for (const line of lines) unlessOver(() => sink.line(typeof line === 'string' ? line : JSON.stringify(line)))
      },
      end: (end) =>
        unlessOver(() => {
          isOver = true
          sink.ended(end)
        }),
      isCancelled: false,
    }
    asked.push(followed)
    return () => {
      followed.isCancelled = !isOver
      isOver = true
    }
  }
  return {
    askLines,
    asked,
    get last(): Followed {
      const last = asked.at(-1)
      if (last === undefined) throw new Error('nothing was followed')
      return last
    },
  }
}
