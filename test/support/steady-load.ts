/** Clients of every kind that ask without a pause and count what goes wrong: kept-alive, one-shot, uploads, downloads, WebSockets. */

export interface SteadyLoad {
  /** All WebSockets say something and hear it back; resolves when they have. */
  ping(): Promise<void>
  /** Ends the clients and sums up. */
  stop(): Promise<LoadTally>
}

export interface LoadTally {
  readonly requests: number
  /** What clients saw that they should not have, in words. */
  readonly failures: readonly string[]
  /** WebSockets that closed before they were told to. */
  readonly tunnelsClosed: number
  /** Of kept-alive and one-shot requests. */
  readonly p99Ms: number
}

export interface SteadyBackend {
  readonly port: number
  stop(): Promise<void>
}

const downloadBytes = 512 * 1024
const upload = 'u'.repeat(128 * 1024)

/** Answers what the clients ask for. */
export function startSteadyBackend(): SteadyBackend {
  const download = new Uint8Array(downloadBytes)
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    async fetch(request, server) {
      const { pathname } = new URL(request.url)
      if (pathname === '/ws') return server.upgrade(request) ? undefined : new Response('no WebSocket', { status: 400 })
      if (pathname === '/download') return new Response(download)
      if (request.method === 'POST') return new Response(String((await request.text()).length))
      return new Response('ok')
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  })
  return { port: Number(server.port), stop: () => server.stop(true) }
}

/** `url` without a slash at its end. Resolves when every WebSocket is open. */
export async function startSteadyLoad(url: string, tunnels: number): Promise<SteadyLoad> {
  const failures: string[] = []
  const latencies: number[] = []
  const state = { requests: 0, tunnelsClosed: 0, isStopping: false }

  async function repeat(name: string, ask: () => Promise<void>): Promise<void> {
    while (!state.isStopping) {
      const startedAt = performance.now()
      try {
        await ask()
      } catch (error) {
        failures.push(`${name}: ${String(error)}`)
      }
      state.requests += 1
      if (name === 'kept alive' || name === 'one-shot') latencies.push(performance.now() - startedAt)
    }
  }

  const get = async (headers: Record<string, string>): Promise<void> => {
    const response = await fetch(`${url}/`, { headers })
    expectText(response, await response.text(), 'ok')
  }
  const loops = [
    ...Array.from({ length: 4 }, () => repeat('kept alive', () => get({}))),
    ...Array.from({ length: 2 }, () => repeat('one-shot', () => get({ connection: 'close' }))),
    repeat('upload', async () => {
      const response = await fetch(`${url}/`, { method: 'POST', body: upload })
      expectText(response, await response.text(), String(upload.length))
    }),
    repeat('download', async () => {
      const response = await fetch(`${url}/download`)
      expectText(response, String((await response.arrayBuffer()).byteLength), String(downloadBytes))
    }),
  ]

  const sockets = await Promise.all(
    Array.from({ length: tunnels }, async () => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve)
        socket.addEventListener('error', reject)
      })
      socket.addEventListener('close', () => {
        if (!state.isStopping) state.tunnelsClosed += 1
      })
      return socket
    }),
  )

  return {
    async ping() {
      await Promise.all(
        sockets.map((socket) => {
          const heard = new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }))
          socket.send('ping')
          return heard
        }),
      )
    },
    async stop() {
      state.isStopping = true
      for (const socket of sockets) socket.close()
      await Promise.all(loops)
      const sorted = latencies.toSorted((a, b) => a - b)
      const { requests, tunnelsClosed } = state
      return { requests, failures, tunnelsClosed, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 }
    },
  }
}

function expectText({ status }: Response, text: string, expected: string): void {
  if (status !== 200 || text !== expected) throw new Error(`${status} ${text.slice(0, 200)}`)
}
