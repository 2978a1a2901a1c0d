/** A registry that answers with a list of members: it knows ETags, and holds answers back for who asks it to (RFC 7240 `wait`). */
import type { Server } from 'bun'
import { freePorts } from './ports.ts'

export interface ListServer extends AsyncDisposable {
  readonly url: string
  /** What it was sent, oldest first. */
  readonly requests: readonly { readonly etag: string | null; readonly prefer: string | null }[]
  list(items: readonly unknown[]): void
  /** It answers nobody until it is started again, on the same port with the same list. */
  stop(): Promise<void>
  start(): void
}

export function startListServer(): ListServer {
  const [port = 0] = freePorts(1)
  const requests: { readonly etag: string | null; readonly prefer: string | null }[] = []
  let version = 0
  let text = '[]'
  let change = Promise.withResolvers<void>()
  let server: Server<undefined> | undefined

  async function answer(request: Request): Promise<Response> {
    const etag = request.headers.get('if-none-match')
    const prefer = request.headers.get('prefer')
    requests.push({ etag, prefer })
    const waitS = Number(/^wait=(\d+)$/.exec(prefer ?? '')?.[1] ?? 0)
    if (etag === `"${version}"` && waitS > 0) await Promise.race([change.promise, Bun.sleep(1000 * waitS)])
    if (etag === `"${version}"`) return new Response(null, { status: 304 })
    return new Response(text, { headers: { etag: `"${version}"` } })
  }

  const start = (): void => {
    server = Bun.serve({ hostname: '127.0.0.1', port, idleTimeout: 0, fetch: answer })
  }
  const stop = async (): Promise<void> => server?.stop(true)
  start()
  return {
    url: `http://127.0.0.1:${port}/pools/web`,
    requests,
    list(items) {
      version += 1
      text = JSON.stringify({ backends: items })
      change.resolve()
      change = Promise.withResolvers()
    },
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  }
}
