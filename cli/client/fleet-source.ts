/** The source of a fleet as commands write to it: what it holds, what became of a change, and what its nodes say to that. */
import { hostname, userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { sourceOf } from '../../core/fleet/address.ts'
import { type Author, type Current, type Next, pastOf } from '../../core/fleet/changes.ts'
import { generationName, isChosen, type Offer, readOffer } from '../../core/fleet/release.ts'
import type { ConfigStore, SharedStore } from '../../core/fleet/store.ts'
import type { NodeRecord } from '../../core/report/fleet-status.ts'
import { counted, formatMs } from '../../core/view/amounts.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { openSource } from '../process/load-source.ts'
import { printable } from '../text/text.ts'

export interface SourceOptions {
  /** `etcd://…`, `consul://…`, `https://…`; without it SMARTEDGE_CONFIG. */
  readonly config?: string
  readonly json?: boolean
}

/** Ends the command: what it says, and its exit code. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

export interface Writable {
  readonly name: string
  readonly store: ConfigStore
  readonly shared: SharedStore
}

/** Runs `act`, and tells what ended it. */
export async function withSource(io: Io, act: () => Promise<number>): Promise<number> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    io.stderr(error.message === '' ? '' : `smartedge: ${printable(error.message)}\n`)
    return error.code
  }
}

export async function openFor(io: Io, { config }: SourceOptions): Promise<ConfigStore> {
  const text = sourceOf(config, io.env)
  if (text === undefined)
    throw new SourceError(
      'name the source of the fleet, such as --config etcd://127.0.0.1:2379/smartedge, or set SMARTEDGE_CONFIG to it',
      exitCode.usage,
    )
  const opened = await openSource(io, text)
  if (typeof opened === 'number') throw new SourceError('', opened)
  return opened.store
}

export async function openToWrite(io: Io, options: SourceOptions): Promise<Writable> {
  const store = await openFor(io, options)
  const { name, shared } = store
  if (shared === undefined)
    throw new SourceError(
      `${name} is only read: it takes no pushes, and has neither a history nor a list of nodes`,
      exitCode.usage,
    )
  return { name, store, shared }
}

/** undefined: it holds none. */
export async function currentOf({ name, ...store }: Pick<ConfigStore, 'name' | 'read'>): Promise<Current | undefined> {
  const held = await store.read()
  if (held.kind === 'absent') return undefined
  if (held.kind === 'fault') throw new SourceError(`${name}: ${held.reason}`, exitCode.unreachable)
  const read = readOffer(held.value)
  if (read.kind === 'fault') throw new SourceError(`${name} ${read.rule}`, exitCode.failure)
  return { offer: read.offer, version: held.version }
}

export async function historyOf({ name, shared }: Writable): Promise<readonly Offer[]> {
  const listed = await shared.list('history')
  if (listed.kind === 'fault') throw new SourceError(`${name}: ${listed.reason}`, exitCode.unreachable)
  return pastOf(listed.values)
}

/** Those that are there now, by name; what another program has put there is left out. */
export async function nodesOf({ name, shared }: Writable): Promise<readonly NodeRecord[]> {
  const listed = await shared.list('nodes')
  if (listed.kind === 'fault') throw new SourceError(`${name}: ${listed.reason}`, exitCode.unreachable)
  return [...listed.values.values()].flatMap(readRecord).toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

function readRecord(text: string): NodeRecord[] {
  try {
    const record = JSON.parse(text) as Partial<NodeRecord> | null
    const texts = [record?.name, record?.address, record?.version, record?.health, record?.since, record?.state]
    return texts.every((value) => typeof value === 'string') ? [record as NodeRecord] : []
  } catch {
    return []
  }
}

export function author(io: Pick<Io, 'env'>, note: string | undefined): Author {
  const user = io.env['USER'] || io.env['LOGNAME'] || userName()
  return { at: new Date().toISOString(), by: `${user}@${hostname()}`, note }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'somebody'
  }
}

/** Throws unless it is written. */
export async function write({ name, store, shared }: Writable, next: Next): Promise<Offer> {
  if (next.kind === 'fault') throw new SourceError(`nothing was written: ${next.reason}`, exitCode.usage)
  const swapped = await shared.swap(next.swap)
  if (swapped.kind === 'fault') throw new SourceError(`${name}: ${swapped.reason}`, exitCode.unreachable)
  if (swapped.kind === 'swapped') return next.offer
  const current = await currentOf(store)
  const other = current === undefined ? 'nothing any more' : described(current.offer)
  throw new SourceError(
    `nothing was written: somebody else was faster, and ${name} holds ${other} now; look at it with smartedge config diff, and push again`,
    exitCode.failure,
  )
}

/** `generation 7, by ada@laptop` */
export const described = ({ generation, by }: Offer): string =>
  `${generationName(generation)}${by === undefined ? '' : `, by ${by}`}`

const LOOK_MS = 200

/** Waits for the nodes that are there, for `waitMs` at most, and tells what they say. `failure` where one refuses it. */
export async function followNodes(io: Io, source: Writable, offer: Offer, waitMs: number): Promise<number> {
  const began = performance.now()
  const there = await nodesOf(source)
  const meant = new Set(there.filter(({ name }) => isChosen(name, offer.percent)).map(({ name }) => name))
  if (there.length === 0) io.stdout('no node follows it at the moment\n')
  else if (meant.size === 0)
    io.stdout(`none of the ${counted(there.length, 'node')} is among the first ${offer.percent} %\n`)
  if (meant.size === 0) return exitCode.ok
  for (;;) {
    const nodes = (await nodesOf(source)).filter(({ name }) => meant.has(name))
    const running = nodes.filter((node) => runs(node, offer))
    const refusing = nodes.filter((node) => node.state === 'refused' && node.offered === (offer.generation ?? null))
    const isOver = running.length + refusing.length >= nodes.length
    const spent = performance.now() - began
    if (!isOver && spent < waitMs) {
      await wait(LOOK_MS)
      continue
    }
    const share = offer.percent < 100 ? ` among the first ${offer.percent} %` : ''
    io.stdout(`${running.length} of ${counted(nodes.length, 'node')}${share} run it after ${formatMs(spent)}\n`)
    for (const { name, reason } of refusing)
      io.stderr(`smartedge: ${printable(name)} refuses it: ${printable(reason ?? '')}\n`)
    for (const { name } of nodes.filter((node) => !running.includes(node) && !refusing.includes(node)))
      io.stderr(`smartedge: ${printable(name)} has not said what becomes of it\n`)
    return isOver && refusing.length === 0 ? exitCode.ok : exitCode.failure
  }
}

const runs = ({ generation, state }: NodeRecord, offer: Offer): boolean =>
  generation === (offer.generation ?? null) && state !== 'refused'
