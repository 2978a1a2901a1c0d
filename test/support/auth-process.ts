/**
 * An auth service in a process of its own, which also publishes a key set: run as a program with a port and the set's text.
 * It lets in whose cookie `s` is `good`, and says whom; some it answers at once, and some in a while.
 */
import type { Program } from './killable-backend.ts'

export const authProgram = (keySet: string): Program => ({ path: import.meta.path, further: [keySet] })

if (import.meta.main) {
  const [, , port, keySet] = process.argv
  let requests = 0
  Bun.serve({
    hostname: '127.0.0.1',
    port: Number(port),
    async fetch(request) {
      if (new URL(request.url).pathname === '/keys') return new Response(keySet)
      requests += 1
      if (requests % 3 === 0) await Bun.sleep(requests % 7)
      const isGood = /(^|; )s=good(;|$)/.test(request.headers.get('cookie') ?? '')
      return isGood
        ? new Response(null, { headers: { 'remote-user': 'ann' } })
        : new Response('who are you?', { status: 403 })
    },
  })
  process.stdout.write('.')
}
