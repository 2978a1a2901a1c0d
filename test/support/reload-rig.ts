/** An edge on real files and sockets, and reloads of every kind, mixed in an order that a seed fixes. */
import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../core/config/load.ts'
import type { Controller } from '../../core/control/contract.ts'
import { type Edge, startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'
import { type SteadyBackend, startSteadyBackend } from './steady-load.ts'

export interface ReloadRig {
  readonly url: string
  readonly edge: Edge
  readonly controller: Controller
  readonly events: readonly EdgeEvent[]
  /** `count` reloads, one after the other; `between` runs after each tenth. Resolves to how many of each kind there were. */
  reload(count: number, between: () => Promise<void>): Promise<Readonly<Record<string, number>>>
  end(): Promise<void>
}

const plugin = (version: number): string =>
  `// Version ${version}.
export default {
  apiVersion: 1, name: 'first', parse: () => ({}),
  create: () => ({ pick: (candidates) => candidates[${version} % candidates.length] }),
}
`

/** What the files say; the pool \`ws\` never loses its first member, which holds the WebSockets. */
interface Said {
  readonly engine: 'own' | 'serve'
  members: { url: string; weight?: number }[]
  strategy: string
  extraListener: boolean
  extraPool: boolean
  extraTunnelMember: boolean
  timeoutSeconds: number
}

export async function startReloadRig(engine: 'own' | 'serve' = 'own'): Promise<ReloadRig> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-reload-')))
  const backends: SteadyBackend[] = Array.from({ length: 5 }, startSteadyBackend)
  const [tunnelBackend = '', ...webBackends] = backends.map(({ port }) => `http://127.0.0.1:${port}`)
  const said: Said = {
    engine,
    members: webBackends.map((url) => ({ url })),
    strategy: 'p2c',
    extraListener: false,
    extraPool: false,
    extraTunnelMember: false,
    timeoutSeconds: 30,
  }
  const path = (name: string): string => join(folder, name)
  const save = (): void => {
    writeFileSync(path('m.json'), JSON.stringify({ backends: said.members }))
    writeFileSync(path('edge.json'), render(said, tunnelBackend, webBackends[0] ?? ''))
  }
  // Set through the API, so it must be nobody else's to write to, whatever the umask.
  writeFileSync(path('mine.ts'), plugin(0), { mode: 0o644 })
  save()
  const place = { path: path('edge.json'), kind: 'config' } as const
  const loaded = loadConfig({ place, cwd: folder, env: {} })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded.problems))
  const events: EdgeEvent[] = []
  const files = { place, cwd: folder, env: {}, isWatched: true }
  const edge = await startEdge({ config: loaded.config, files, emit: (event) => void events.push(event) })
  const { controller } = edge
  const address = edge.addresses.find(({ listener }) => listener === 'web')?.address
  if (controller === undefined || address?.kind !== 'tcp') throw new Error('the edge has no controller or address')

  const random = seededRandom(4)
  const draw = (below: number): number => Math.floor(random() * below)
  const reload = async (): Promise<void> => void (await controller.reload('test'))
  const idOf = (url: string): string => url.slice('http://'.length)
  let version = 0

  /** Each changes \`said\` as well, so that a later save keeps what was edited. */
  const kinds: Readonly<Record<string, () => Promise<void>>> = {
    async members() {
      // Two at least: one of them may be drained.
      const from = draw(webBackends.length - 1)
      said.members = webBackends.slice(from, from + 2 + draw(2)).map((url) => ({ url, weight: 1 + draw(3) }))
      save()
      await reload()
    },
    async renamed() {
      said.members = webBackends.map((url) => ({ url, weight: 1 + draw(3) }))
      writeFileSync(path('m.json.new'), JSON.stringify({ backends: said.members }))
      renameSync(path('m.json.new'), path('m.json'))
      await reload()
    },
    async edited() {
      const target = said.members[draw(said.members.length)]
      if (target === undefined) return
      target.weight = 1 + draw(5)
      save()
      await controller.edit({ pool: 'web', kind: 'update', backend: idOf(target.url), weight: target.weight }, 'test')
    },
    async drained() {
      const backend = idOf(said.members[0]?.url ?? '')
      await controller.edit({ pool: 'web', kind: 'update', backend, drain: true }, 'test')
      await controller.edit({ pool: 'web', kind: 'update', backend, drain: false }, 'test')
    },
    async strategy() {
      said.strategy = ['p2c', 'round-robin', 'peak-ewma', './mine.ts'][draw(4)] ?? 'p2c'
      await controller.edit({ pool: 'web', kind: 'strategy', strategy: said.strategy }, 'test')
    },
    async plugin() {
      version += 1
      writeFileSync(path('mine.ts'), plugin(version))
      await reload()
    },
    async listener() {
      said.extraListener = !said.extraListener
      save()
      await reload()
    },
    async pool() {
      said.extraPool = !said.extraPool
      save()
      await reload()
    },
    async tunnelMember() {
      said.extraTunnelMember = !said.extraTunnelMember
      save()
      await reload()
    },
    async timeouts() {
      said.timeoutSeconds = 20 + draw(20)
      save()
      await reload()
    },
    async broken() {
      writeFileSync(path(draw(2) === 0 ? 'm.json' : 'edge.json'), '{ "backends": [')
      await reload()
      save()
      await reload()
    },
    async rolledBack() {
      await controller.rollback('test')
      await reload()
    },
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    edge,
    controller,
    events,
    async reload(count, between) {
      const names = Object.keys(kinds)
      const tally: Record<string, number> = {}
      for (let done = 1; done <= count; done++) {
        const name = names[draw(names.length)] ?? ''
        await kinds[name]?.()
        tally[name] = (tally[name] ?? 0) + 1
        if (done % 10 === 0) await between()
      }
      return tally
    },
    async end() {
      edge.kill()
      await Promise.all(backends.map((backend) => backend.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function render(said: Said, tunnelBackend: string, other: string): string {
  return JSON.stringify({
    listeners: {
      web: { address: '127.0.0.1:0', engine: said.engine },
      ...(said.extraListener && { extra: { address: '127.0.0.1:0', engine: said.engine } }),
    },
    admin: false,
    routes: [
      { match: { path: '/ws' }, pool: 'ws' },
      ...(said.extraPool ? [{ match: { path: '/extra' }, pool: 'extra' }] : []),
      { pool: 'web' },
    ],
    pools: {
      web: {
        backends: { file: 'm.json' },
        strategy: said.strategy,
        timeouts: { response: `${said.timeoutSeconds}s` },
      },
      ws: { backends: [tunnelBackend, ...(said.extraTunnelMember ? [other] : [])] },
      ...(said.extraPool && { extra: { backends: [other] } }),
    },
  })
}
