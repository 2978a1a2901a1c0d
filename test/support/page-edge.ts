/** A real edge on files, with origins behind it, whose page a browser opens. Disposing of it ends all. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatAddress } from '../../core/address.ts'
import { loadConfig } from '../../core/config/load.ts'
import { type Edge, startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { ask, connectTo, get } from './raw-client.ts'
import { type SteadyBackend, startSteadyBackend } from './steady-load.ts'

export interface PageEdge extends AsyncDisposable {
  readonly edge: Edge
  /** Of the page. */
  readonly url: string
  /** What changes take. */
  readonly token: string
  /** Of its backends, in order. */
  readonly ids: readonly string[]
  /** The config file holds these pools from here on. */
  write(pools: object): void
  /** A request with that path and further lines, each ending in CRLF; the status of its response. */
  ask(path: string, lines?: string): Promise<number>
}

/** `token`: of the config; absent: the edge makes one for changes. `keys`: more of the config. */
export async function startPageEdge({
  token,
  keys,
}: { readonly token?: string; readonly keys?: object } = {}): Promise<PageEdge> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-page-')))
  const backends: readonly SteadyBackend[] = Array.from({ length: 3 }, startSteadyBackend)
  const place = { path: join(folder, 'edge.json'), kind: 'config' } as const
  const listeners = { web: { address: '127.0.0.1:0' } }
  const admin = { address: '127.0.0.1:0', ...(token !== undefined && { token }) }
  const write = (pools: object): void => writeFileSync(place.path, JSON.stringify({ ...keys, listeners, admin, pools }))
  write({ web: { backends: backends.map(({ port }) => `http://127.0.0.1:${port}`), strategy: 'round-robin' } })
  const env = { XDG_RUNTIME_DIR: folder, HOME: folder }
  const loaded = loadConfig({ place, cwd: folder, env })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded.problems))
  const events: EdgeEvent[] = []
  const emit = (event: EdgeEvent): void => void events.push(event)
  const edge = await startEdge({ config: loaded.config, emit, files: { place, cwd: folder, env, isWatched: false } })
  const [listener] = edge.addresses
  const url = `http://${formatAddress(edge.adminAddress ?? fail())}`
  const { port } = new URL(`http://${formatAddress(listener?.address ?? fail())}`)
  return {
    edge,
    url,
    token: token ?? ownTokenIn(events),
    ids: backends.map(({ port }) => `127.0.0.1:${port}`),
    write,
    async ask(path, lines = '') {
      await using client = await connectTo(Number(port))
      return (await ask(client, get(path, lines))).status
    },
    async [Symbol.asyncDispose]() {
      edge.kill()
      await Promise.all(backends.map((backend) => backend.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function ownTokenIn(events: readonly EdgeEvent[]): string {
  const told = events.find((event) => event.kind === 'admin-listening')
  if (told?.ownToken?.kind !== 'kept') throw new Error('the edge has kept no token')
  return readFileSync(told.ownToken.file, 'utf8').trim()
}

function fail(): never {
  throw new Error('the edge does not listen')
}
