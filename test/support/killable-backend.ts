/** A backend in a process of its own, which a test may kill as it pleases. Run as a program it is that process. */
import type { Subprocess } from 'bun'

export interface KillableBackend {
  readonly port: number
  /** SIGKILL, in the middle of whatever it does; resolves when the process has gone. */
  kill(): Promise<void>
  /** Another process on the same port; resolves when it serves. */
  restart(): Promise<void>
}

/** Serves from `port` on. */
export async function startKillableBackend(port: number): Promise<KillableBackend> {
  let child = await spawn(port)
  return {
    port,
    async kill() {
      child.kill('SIGKILL')
      await child.exited
    },
    async restart() {
      child = await spawn(port)
    },
  }
}

async function spawn(port: number): Promise<Subprocess> {
  const child = Bun.spawn([process.execPath, import.meta.path, String(port)], { stdout: 'pipe', stderr: 'inherit' })
  // Its first byte says that it listens.
  const { done } = await child.stdout.getReader().read()
  if (done) throw new Error(`the backend on port ${port} ended before it served`)
  return child
}

if (import.meta.main) {
  let requests = 0
  Bun.serve({
    hostname: '127.0.0.1',
    port: Number(process.argv[2]),
    // Some answer at once and some take their time, so that a kill meets requests in every state.
    async fetch(request) {
      requests += 1
      const body = await request.text()
      if (requests % 3 === 0) await Bun.sleep(requests % 7)
      return new Response(`${request.method} ${body}`)
    },
  })
  process.stdout.write('.')
}
