/** Nodes of a fleet as processes of their own, each with ports and state of its own, and the commands that people type. */
import { freePorts } from './ports.ts'
import { type LoggedEvent, readLog } from './running-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname

/** Of nodes: where they listen is each one's own. */
export const fleetConfig = (backends: readonly string[], more: object = {}): string =>
  JSON.stringify(
    {
      listeners: { web: { address: '127.0.0.1:${SMARTEDGE_TEST_PORT}' } },
      admin: { address: '127.0.0.1:${SMARTEDGE_TEST_ADMIN}' },
      pools: { web: { backends } },
      ...more,
    },
    null,
    2,
  )

export interface FleetNodeProcess extends AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly child: Bun.Subprocess
  /** The next event of this kind, after those taken before. */
  event(kind: string): Promise<LoggedEvent>
  lines(): readonly string[]
  status(): Promise<Readonly<Record<string, unknown>>>
  /** Another one with the same ports and state, once this one has ended. */
  again(): FleetNodeProcess
}

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface FleetRig {
  node(name: string): FleetNodeProcess
  /** `smartedge …`, with the source in the environment. */
  run(...args: readonly string[]): Promise<Said>
  write(file: string, text: string): Promise<void>
  readonly folder: string
}

/** `source`: of all of them. */
export function fleetRig(source: string): FleetRig {
  const folder = temporaryFolder()
  const shared = { ...process.env, SMARTEDGE_CONFIG: source, NO_COLOR: '1' }

  function spawn(name: string, [port = 0, admin = 0]: readonly number[]): FleetNodeProcess {
    const child = Bun.spawn([process.execPath, main, 'run'], {
      cwd: folder,
      env: {
        ...shared,
        SMARTEDGE_NODE: name,
        SMARTEDGE_TEST_PORT: String(port),
        SMARTEDGE_TEST_ADMIN: String(admin),
        XDG_STATE_HOME: `${folder}/state`,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const log = readLog(child.stderr)
    return {
      name,
      url: `http://127.0.0.1:${port}`,
      child,
      event: (kind) => log.event(kind),
      lines: () => log.lines,
      async status() {
        const response = await fetch(`http://127.0.0.1:${admin}/api/status`)
        return (await response.json()) as Readonly<Record<string, unknown>>
      },
      again: () => spawn(name, [port, admin]),
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL')
        await child.exited
      },
    }
  }

  return {
    folder,
    node: (name) => spawn(name, freePorts(2)),
    write: async (file, text) => void (await Bun.write(`${folder}/${file}`, text)),
    async run(...args) {
      const child = Bun.spawn([process.execPath, main, ...args], {
        cwd: folder,
        env: { ...shared, XDG_STATE_HOME: `${folder}/state` },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const [out, err, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ])
      return { code, out, err }
    },
  }
}
