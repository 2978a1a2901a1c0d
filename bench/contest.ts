/**
 * Brings a contestant up on loopback, waits until it answers, and takes it down: the part that every scenario shares.
 * Ports are the kernel's choice; files live in a directory that the nursery's owner removes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Child, Nursery } from './children.ts'
import type { Cores } from './cores.ts'
import type { Peer } from './peers/peer.ts'

/** Where a bench runs: its directory, its processes, its cores. */
export interface Arena {
  readonly directory: string
  readonly nursery: Nursery
  readonly cores: Cores
}

/** One backend process: a port for each of `delaysMs`, answering after that long. */
export interface Backends {
  readonly ports: readonly number[]
  readonly child: Child
}

export interface Contestant {
  readonly name: string
  readonly version: string
  readonly port: number
  /** undefined: there is no proxy, the load goes straight to the backend. */
  readonly child: Child | undefined
}

/** A process did not come up; `log` holds its own last words. */
export class StartError extends Error {
  readonly log: string
  constructor(message: string, log: string) {
    super(message)
    this.name = 'StartError'
    this.log = log
  }
}

const replay = join(import.meta.dirname, 'replay.ts')
const readyWithinMs = 10_000

/** Throws StartError. `delaysMs` has one number for each backend. */
export async function startBackends(arena: Arena, profile: string, delaysMs: readonly number[]): Promise<Backends> {
  const ports = delaysMs.map(() => freePort())
  const args = ports.map((port, index) => `${port},${delaysMs[index]}`)
  const command = [process.execPath, replay, profile, ...args]
  const child = arena.nursery.start({ name: 'backend', command, cores: arena.cores.backends })
  await untilAnswering(child, 'backend', ports)
  return { ports, child }
}

/** Throws StartError. */
export async function startContestant(arena: Arena, peer: Peer, backendPorts: readonly number[]): Promise<Contestant> {
  const port = freePort()
  const directory = join(arena.directory, `${peer.name.replaceAll(/[^\w-]/g, '_')}-${port}`)
  mkdirSync(directory)
  const { command, files, env } = peer.launch({ port, backendPorts, directory })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const core = arena.cores.contestant
  const child = arena.nursery.start({
    name: peer.name.replaceAll(/[^\w-]/g, '_'),
    command,
    cores: core === undefined ? undefined : [core],
    directory,
    env: env ?? {},
  })
  await untilAnswering(child, peer.name, [port])
  return { name: peer.name, version: peer.version() ?? 'unknown', port, child }
}

/** A TCP port of 127.0.0.1 that nobody listens on at the moment. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  listener.stop(true)
  return listener.port
}

async function untilAnswering(child: Child, name: string, ports: readonly number[]): Promise<void> {
  const deadline = performance.now() + readyWithinMs
  for (const port of ports) {
    while (!(await answers(port))) {
      if (!child.running()) throw new StartError(`${name} ended before it listened`, child.log(20))
      if (performance.now() > deadline)
        throw new StartError(`${name} did not answer within ${readyWithinMs / 1000} s`, child.log(20))
      await Bun.sleep(20)
    }
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000), keepalive: false })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
