/**
 * Asks a service over HTTP and reads its answer whole, within bounds: what the data plane must know of somebody who is no
 * backend. By Bun's fetch, which speaks TLS and keeps connections; it refuses heads that are no HTTP, swallows 1xx and asks
 * once more where a kept connection had died.
 */
import type { Cancel, Clock } from '../clock.ts'
import { inEvent, type ReportFault } from './event.ts'

/** Bun's fetch leaves further ones out, and says nothing: 250 or so, with those that it adds itself. */
const MAX_FIELDS = 200

/** A GET, or a POST of `body`; redirects are not followed, nothing is decompressed. */
export interface Question {
  /** Absolute, http or https. */
  readonly url: string
  /** Each name once; values one character a byte. At most `MAX_FIELDS`. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Sent in UTF-8, its type being for `fields` to say. */
  readonly body?: string
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

async function answerTo({ url, fields, body: asked, maxBodyBytes }: Question, signal: AbortSignal): Promise<Answer> {
  if (fields.length > MAX_FIELDS) throw new Error(`a question may have at most ${MAX_FIELDS} fields`)
  const headers = fields.map(([name, value]): [string, string] => [name, value])
  const post = asked === undefined ? {} : { method: 'POST', body: asked }
  const response = await fetch(url, { ...post, headers, signal, redirect: 'manual', decompress: false })
  const body = await bodyOf(response, maxBodyBytes)
  return { kind: 'answered', status: response.status, fields: response.headers, body }
}

/** One that is too long is read no further. */
async function bodyOf({ body }: Response, maxBytes: number): Promise<Buffer | undefined> {
  if (body === null) return Buffer.alloc(0)
  const reader = body.getReader()
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(pieces)
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      return undefined
    }
    pieces.push(value)
  }
}

/** Bun's own words tell the URL, which may hold what is not for a log. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : String(error)
}
