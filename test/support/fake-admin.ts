/** An admin API on loopback or a Unix socket that sends what a test tells it to, and remembers what it was asked. */
import type { Frame, Hello } from '../../core/report/frame.ts'
import { sampleHello } from './feed-frames.ts'

export interface FakeAdmin {
  /** As `--url` takes it. */
  readonly url: string
  /** `PATCH /api/pools/web {"strategy":"p2c"}`, in order; streams are not listed. */
  readonly asked: readonly string[]
  /** Last-Event-ID and Authorization of each stream that was opened. */
  readonly streams: readonly { readonly lastId: string | null; readonly authorization: string | null }[]
  /** To all who watch. */
  frame(frame: Frame): void
  event(id: number, data: object): void
  raw(text: string): void
  /** Cuts every stream. */
  cut(): void
  /** Resolves when `count` streams have been opened since the start. */
  opened(count: number): Promise<void>
  stop(): Promise<void>
}

export interface FakeAdminOptions {
  readonly hello?: Hello
  /** Sent to each watcher behind the hello. */
  readonly first?: readonly Frame[]
  /** Path of a Unix socket; absent: TCP. */
  readonly unix?: string
  /** Port; 0: any free one. */
  readonly port?: number
  /** Instead of a stream. */
  readonly refusal?: () => Response
  readonly answer?: (method: string, path: string) => Response
}

const problem = (status: number, detail: string): Response =>
  Response.json(
    { type: 'about:blank', status, detail },
    { status, headers: { 'content-type': 'application/problem+json' } },
  )

export const refusals = {
  token: () => problem(401, 'Send the header "Authorization: Bearer <token>".'),
  missing: () => problem(404, 'There is no such thing here.'),
  busy: () => problem(503, '64 watchers are connected already; end some.'),
} as const

const message = (event: string, data: object, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export function startFakeAdmin(options: FakeAdminOptions = {}): FakeAdmin {
  const asked: string[] = []
  const streams: { lastId: string | null; authorization: string | null }[] = []
  const controllers = new Set<ReadableStreamDefaultController<Uint8Array>>()
  const waiting: (() => void)[] = []
  const encoder = new TextEncoder()
  const raw = (text: string): void => {
    for (const controller of controllers) controller.enqueue(encoder.encode(text))
  }

  function openStream(request: Request): Response {
    streams.push({
      lastId: request.headers.get('last-event-id'),
      authorization: request.headers.get('authorization'),
    })
    for (const check of waiting) check()
    if (options.refusal) return options.refusal()
    const greeting = [
      message('hello', options.hello ?? sampleHello),
      ...(options.first ?? []).map((frame) => message('frame', frame)),
    ].join('')
    let own: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        own = controller
        controllers.add(controller)
        controller.enqueue(encoder.encode(greeting))
      },
      cancel: () => void controllers.delete(own),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
  }

  async function answer(request: Request): Promise<Response> {
    const path = request.url.replace(/^[a-z]+:\/\/[^/]*/, '')
    if (path === '/api/events') return openStream(request)
    // As the real one does of changes, for an empty body too.
    if (request.method !== 'GET' && request.headers.get('content-type') !== 'application/json')
      return problem(415, 'Send the header.')
    asked.push([request.method, path, await request.text()].filter(Boolean).join(' '))
    return options.answer?.(request.method, path) ?? Response.json({ generation: { number: 43 } })
  }

  const where = options.unix === undefined ? { hostname: '127.0.0.1', port: options.port ?? 0 } : { unix: options.unix }
  const server = Bun.serve({ ...where, fetch: answer, development: false })
  return {
    url: options.unix === undefined ? `http://127.0.0.1:${server.port}` : `unix:${options.unix}`,
    asked,
    streams,
    frame: (frame) => raw(message('frame', frame)),
    event: (id, data) => raw(message('event', data, id)),
    raw,
    cut() {
      for (const controller of controllers) controller.error(new Error('cut'))
      controllers.clear()
    },
    opened: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (streams.length >= count) resolve()
        }
        waiting.push(check)
        check()
      }),
    stop: () => server.stop(true),
  }
}
