/**
 * A backend over TLS that speaks HTTP/2 (node:http2) and, to whoever picks it, HTTP/1.1; run as a program it is that process: see
 * `killable-backend.ts`. It leaves each connection now and then (GOAWAY), as servers do that count requests.
 */
import { createSecureServer, type Http2Session } from 'node:http2'

const REQUESTS_A_SESSION = 50

if (import.meta.main) {
  const [, , port, cert, key] = process.argv
  let requests = 0
  const served = new WeakMap<Http2Session, number>()
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    requests += 1
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const answer = (): void => void response.end(`${request.method} ${Buffer.concat(chunks).toString()}`)
      // Some answer at once and some take their time, so that a kill meets requests in every state.
      if (requests % 3 === 0) setTimeout(answer, requests % 7)
      else answer()
      const session = request.httpVersion === '2.0' ? request.stream.session : undefined
      if (session === undefined) return
      const count = (served.get(session) ?? 0) + 1
      served.set(session, count)
      if (count === REQUESTS_A_SESSION) session.close()
    })
  })
  server.on('sessionError', () => undefined)
  server.listen(Number(port), '127.0.0.1', () => void process.stdout.write('.'))
}
