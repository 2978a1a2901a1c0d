/**
 * Has the code that serves requests run before anybody waits for it: requests of our own, through an edge of our own on
 * sockets in a folder of our own, to a backend that does nothing. A process is compiled as it runs, and the first 60,000
 * requests of one that has just begun cost up to three times as much.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../core/config/parse.ts'
import { startEdge } from '../../core/edge.ts'

/** As many as bring the compiler to an end with what is on every request's way. */
const REQUESTS = 30_000
const CONNECTIONS = 16

const fields = Array.from({ length: 8 }, (_, index) => `X-Field-${index}: value ${index}\r\n`).join('')
const REQUEST = `GET /warm/up?of=code HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: smartedge\r\n${fields}\r\n`
const RESPONSE = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n${fields}\r\nwarm\n`

/** Resolves when it is done; rejects when it cannot be, and nothing is left of it either way. */
export async function warmUp(requests = REQUESTS): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-warm-'))
  const [front, back] = [join(folder, 'front'), join(folder, 'back')]
  const backend = Bun.listen({ unix: back, socket: { data: (socket) => void socket.write(RESPONSE) } })
  try {
    const edge = await startEdge({ config: configOf(front, back), emit: () => undefined })
    try {
      await ask(front, requests)
    } finally {
      edge.kill()
    }
  } finally {
    backend.stop(true)
    rmSync(folder, { recursive: true })
  }
}

function configOf(front: string, back: string) {
  const text = JSON.stringify({
    listeners: { front: { address: `unix:${front}` } },
    admin: false,
    pools: { back: { backends: [`unix:${back}`] } },
  })
  const parsed = parseConfig(text, { file: '/warm-up.json', cwd: '/', env: {}, attachments: new Map() })
  if (parsed.kind !== 'config') throw new Error('the configuration to warm up with is none')
  return parsed.config
}

/** Each connection asks for one response after the other. */
async function ask(path: string, requests: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let left = requests
  const close = (): void => reject(new Error('a connection of its own was closed'))
  const socket = {
    open: (socket: Bun.Socket) => void socket.write(REQUEST),
    data(socket: Bun.Socket) {
      left -= 1
      if (left > 0) socket.write(REQUEST)
      else resolve()
    },
    close,
    error: close,
  }
  const opening = Array.from({ length: CONNECTIONS }, () => Bun.connect({ unix: path, socket }))
  await Promise.all([promise, ...opening])
  for (const one of await Promise.all(opening)) one.terminate()
}
