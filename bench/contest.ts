/**
 * Brings a contestant up on loopback, waits until it answers, and takes it down: the part that every scenario shares.
 * Ports are the kernel's choice; files live in a directory that the nursery's owner removes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Child, Nursery, TalkingChild } from './children.ts'
import type { Cores } from './cores.ts'
import { GRPC_UNARY } from './h2load.ts'
import type { Job, JobTls, Peer } from './peers/peer.ts'

/** Where a bench runs: its directory, its processes, its cores. */
export interface Arena {
  readonly directory: string
  readonly nursery: Nursery
  readonly cores: Cores
}

/** One backend process: a port for each of `delaysMs`, answering after that long. */
export interface Backends {
  readonly ports: readonly number[]
  readonly child: TalkingChild
}

export interface BackendSpec {
  /** Name in `profiles`. */
  readonly profile: string
  readonly delaysMs: readonly number[]
  /** One for each delay; undefined: any that are free. */
  readonly ports?: readonly number[]
  /** undefined: plain HTTP. */
  readonly tls?: JobTls | undefined
  /** They speak HTTP/2 alone, by prior knowledge, and answer at once; absent: HTTP/1.1. */
  readonly isH2c?: boolean
}

export interface Contestant {
  readonly name: string
  readonly version: string
  readonly port: number
  /** Where its files are. */
  readonly directory: string
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

/** What a contestant is to do, without what is its own. */
export type Work = Pick<Job, 'backendPorts' | 'weights' | 'safeguards' | 'tls' | 'backendTls' | 'mode' | 'http2'>

const replay = join(import.meta.dirname, 'replay.ts')
const replayH2c = join(import.meta.dirname, 'replay-h2c.ts')
const grpcBackend = join(import.meta.dirname, 'grpc-backend.ts')
const readyWithinMs = 10_000
/** Of a process that did not start: enough for a reason. */
const logLines = 8
/** Between two looks at whether a process is ready. */
const pauseMs = 5

/** Throws StartError. One process, a port for each delay. */
export async function startBackends(arena: Arena, spec: BackendSpec): Promise<Backends> {
  const { profile, delaysMs, ports = delaysMs.map(() => freePort()), tls } = spec
  if (spec.isH2c === true) return startH2cBackends(arena, profile, ports)
  const args = ports.map((port, index) => `${port},${delaysMs[index]}`)
  const secured = tls === undefined ? [] : [`--cert=${tls.cert}`, `--key=${tls.key}`]
  const command = [process.execPath, replay, ...secured, profile, ...args]
  const child = arena.nursery.startTalking({ name: 'backend', command, cores: arena.cores.backends })
  await untilReady(child, 'backend', ports, tls === undefined ? answers : answersSecurely)
  return { ports, child }
}

async function startH2cBackends(arena: Arena, profile: string, ports: readonly number[]): Promise<Backends> {
  const program = profile === GRPC_UNARY ? [grpcBackend] : [replayH2c, profile]
  const command = [process.execPath, ...program, ...ports.map(String)]
  const child = arena.nursery.startTalking({ name: 'backend', command, cores: arena.cores.backends })
  await untilReady(child, 'backend', ports, listens)
  return { ports, child }
}

/** Cuts a backend's connections and refuses new ones, or takes them again. */
export async function setUp({ child }: Backends, port: number, isUp: boolean): Promise<void> {
  await child.ask(`${isUp ? 'up' : 'down'} ${port}`)
}

/** How long a backend waits before it answers, from the next request on. */
export async function setDelay({ child }: Backends, port: number, delayMs: number): Promise<void> {
  await child.ask(`delay ${port} ${delayMs}`)
}

/** Which part of its requests, 0 to 1, a backend answers with 503, from the next one on. */
export async function setFailing({ child }: Backends, port: number, ratio: number): Promise<void> {
  await child.ask(`fail ${port} ${ratio}`)
}

/** How many requests each backend has answered so far, in the order of its ports. */
export async function countAnswered({ ports, child }: Backends): Promise<readonly number[]> {
  const counts = JSON.parse(await child.ask('count')) as Readonly<Record<string, number>>
  return ports.map((port) => counts[port] ?? 0)
}

/** When a process counts as started: it answers requests with success, or it accepts connections. */
export type Readiness = 'answers' | 'listens'

/** Throws StartError. */
export async function startContestant(
  arena: Arena,
  peer: Peer,
  work: Work,
  readiness: Readiness = 'answers',
): Promise<Contestant> {
  const port = freePort()
  const directory = join(arena.directory, `${peer.name.replaceAll(/[^\w-]/g, '_')}-${port}`)
  mkdirSync(directory)
  const { command, files, env } = peer.launch({ port, directory, ...work })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const core = arena.cores.contestant
  const child = arena.nursery.start({
    name: peer.name.replaceAll(/[^\w-]/g, '_'),
    command,
    cores: core === undefined ? undefined : [core],
    directory,
    env: env ?? {},
  })
  await untilReady(child, peer.name, [port], probeFor(work, readiness))
  return { name: peer.name, version: peer.version() ?? 'unknown', port, directory, child }
}

function probeFor({ tls, http2 }: Work, readiness: Readiness): Probe {
  if (tls !== undefined && readiness === 'answers') return answersSecurely
  // One that speaks HTTP/2 by prior knowledge may speak nothing else.
  return readiness === 'listens' || http2 !== undefined ? listens : answers
}

/** A TCP port of 127.0.0.1 that nobody listens on at the moment. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  listener.stop(true)
  return listener.port
}

/** Resolves when each port answers a request with success. Throws StartError after ten seconds, or when the process ends. */
export const untilAnswering = (child: Child, name: string, ports: readonly number[]): Promise<void> =>
  untilReady(child, name, ports, answers)

type Probe = (port: number) => Promise<boolean>

async function untilReady(child: Child, name: string, ports: readonly number[], probe: Probe): Promise<void> {
  const deadline = performance.now() + readyWithinMs
  for (const port of ports) {
    while (!(await probe(port))) {
      if (!child.running()) throw new StartError(`${name} ended before it listened`, child.log(logLines))
      if (performance.now() > deadline)
        throw new StartError(`${name} did not answer within ${readyWithinMs / 1000} s`, child.log(logLines))
      await Bun.sleep(pauseMs)
    }
  }
}

/** Whether a request to that port of loopback gets a good answer, within a second; over a connection of its own. */
export const answers = (port: number): Promise<boolean> => isGood(`http://127.0.0.1:${port}/`)

/** The same over TLS, whoever has signed the certificate. */
const answersSecurely = (port: number): Promise<boolean> => isGood(`https://127.0.0.1:${port}/`)

async function isGood(url: string): Promise<boolean> {
  try {
    const options = { signal: AbortSignal.timeout(1000), keepalive: false, tls: { rejectUnauthorized: false } }
    const response = await fetch(url, options)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

async function listens(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })
    socket.terminate()
    return true
  } catch {
    return false
  }
}
