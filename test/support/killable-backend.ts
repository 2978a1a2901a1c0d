/** A backend in a process of its own, which a test may kill as it pleases. Run as a program it is that process. */
import type { Subprocess } from 'bun'

export interface KillableBackend {
  readonly port: number
  /** SIGKILL, in the middle of whatever it does; resolves when the process has gone. */
  kill(): Promise<void>
  /** Another process on the same port; resolves when it serves. */
  restart(): Promise<void>
}

/** What a process runs: a program that is told a port and whatever else, and writes a byte once it listens there. */
export interface Program {
  readonly path: string
  readonly further: readonly string[]
}

/** This file, over TLS where it is told a certificate and its key in PEM. */
export const OWN: Program = { path: import.meta.path, further: [] }

/** Serves from `port` on. */
export async function startKillableBackend(port: number, program = OWN): Promise<KillableBackend> {
  let child = await spawn(port, program)
  return {
    port,
    async kill() {
      child.kill('SIGKILL')
      await child.exited
    },
    async restart() {
      child = await spawn(port, program)
    },
  }
}

async function spawn(port: number, { path, further }: Program): Promise<Subprocess> {
  const child = Bun.spawn([process.execPath, path, String(port), ...further], { stdout: 'pipe', stderr: 'inherit' })
  // Its first byte says that it listens.
  const { done } = await child.stdout.getReader().read()
  if (done) throw new Error(`the backend on port ${port} ended before it served`)
  return child
}

if (import.meta.main) {
  let requests = 0
  const [cert, key] = process.argv.slice(3)
  Bun.serve({
    ...(cert !== undefined && key !== undefined && { tls: { cert, key } }),
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
