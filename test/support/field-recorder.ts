/** A server that answers `{}` to everybody, and keeps what they send in one field. */
import { onTestFinished } from 'bun:test'

/** It ends with the test. */
export function recordField(name: string): { readonly port: number; readonly seen: readonly (string | null)[] } {
  const seen: (string | null)[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      seen.push(request.headers.get(name))
      return Response.json({})
    },
  })
  onTestFinished(async () => await server.stop(true))
  return { port: server.port ?? 0, seen }
}
