/** `smartedge run` with a pool of two old members, clients that never stop asking, and `smartedge deploy` beside it, each a process. */
import { onTestFinished } from 'bun:test'
import { readFileSync } from 'node:fs'
import { listenAt } from './given-socket.ts'
import { type RunningProcess, startProcess } from './running-process.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname

export interface Origin {
  readonly url: string
  readonly id: string
  /** Requests answered, checks not counted. */
  served: number
}

/** Until the test ends. `answer`: to the request of that number, from 1. */
export function startOrigin(answer: (number: number) => number = () => 200): Origin {
  const origin = { served: 0 }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      if (new URL(request.url).pathname === '/health') return new Response('well')
      origin.served += 1
      return new Response('ok', { status: answer(origin.served) })
    },
  })
  const id = `127.0.0.1:${server.port}`
  onTestFinished(() => server.stop(true))
  return Object.assign(origin, { id, url: `http://${id}` })
}

export interface Command {
  readonly child: Bun.Subprocess
  readonly ended: Promise<{ readonly code: number; readonly out: string; readonly err: string }>
}

export interface DeployProcess extends RunningProcess {
  /** `smartedge WORDS`, asked of this one. */
  command(...words: readonly string[]): Command
  /** What its configuration says of the pool's members. */
  members(): string
}

export interface Clients {
  readonly failures: readonly string[]
  /** Resolves when so many more have been answered. */
  more(count: number): Promise<void>
  /** Ends them. */
  stop(): Promise<void>
}

/** A machine that is busy makes nobody ill; whoever is new is checked at once all the same. */
const health = { path: '/health', interval: '2s', timeout: '2s', fall: 10 }

/** On a port that is given, so that nobody is turned away while it is started again. */
export async function startDeployProcess(
  old: readonly Origin[],
  pool: object = {},
): Promise<DeployProcess & { readonly web: string }> {
  const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
  const edge = await startProcess({
    pool: { backends: old.map(({ url }) => url), health, ...pool },
    config: { listeners: { web: { address: `127.0.0.1:${port}` } } },
    env: { LISTEN_PID: String(process.pid), LISTEN_FDS: '1', SMARTEDGE_TRANSPORT: '' },
    given: [fd],
  })
  await edge.event('ready')
  return Object.assign(edge, {
    web: `http://127.0.0.1:${port}/`,
    command(...words: readonly string[]): Command {
      const child = Bun.spawn([process.execPath, main, ...words, '-c', edge.files.path('smartedge.config.json')], {
        env: { ...process.env, XDG_STATE_HOME: edge.files.path('state') },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const ended = Promise.all([
        child.exited,
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]).then(([code, out, err]) => ({ code, out, err }))
      return { child, ended }
    },
    members: () => {
      const { pools } = JSON.parse(readFileSync(edge.files.path('smartedge.config.json'), 'utf8')) as {
        pools: { web: { backends: unknown } }
      }
      return JSON.stringify(pools.web.backends)
    },
  })
}

export function startClients(url: string, headers: Readonly<Record<string, string>> = {}): Clients {
  const failures: string[] = []
  const state = { answered: 0, isOver: false }
  const asking = Array.from({ length: 6 }, async () => {
    while (!state.isOver) {
      try {
        const response = await fetch(url, { headers })
        const text = await response.text()
        if (response.status !== 200 || text !== 'ok') failures.push(`${response.status} ${text.slice(0, 200)}`)
      } catch (error) {
        failures.push(String(error))
      }
      state.answered += 1
    }
  })
  return {
    failures,
    async more(count) {
      const wanted = state.answered + count
      while (state.answered < wanted) await Bun.sleep(5)
    },
    async stop() {
      state.isOver = true
      await Promise.all(asking)
    },
  }
}
