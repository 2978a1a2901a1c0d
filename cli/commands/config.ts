/** `smartedge config`: shows, pushes, widens, compares and takes back what the source of a fleet holds. */
import { dirname, resolve } from 'node:path'
import { formatProblem } from '../../core/config/problems.ts'
import { maxFileBytes } from '../../core/config/read/tree.ts'
import { generationBefore, type Next, nextRelease, wider } from '../../core/fleet/changes.ts'
import { generationName, type Offer } from '../../core/fleet/release.ts'
import {
  author,
  currentOf,
  described,
  followNodes,
  historyOf,
  openFor,
  openToWrite,
  SourceError,
  type SourceOptions,
  type Writable,
  withSource,
  write,
} from '../client/fleet-source.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { printProblems } from '../process/load.ts'
import { tryText } from '../process/load-source.ts'
import { readInput } from '../process/read-input.ts'
import { secondOf } from '../text/instants.ts'
import { lineDiff } from '../text/line-diff.ts'
import { alignTable } from '../text/table.ts'
import { printable } from '../text/text.ts'

/** Of what writes to the source. */
export interface WriteOptions extends SourceOptions {
  /** For the nodes to say what becomes of it, ms; 0: nobody waits for them. */
  readonly wait?: number
}

export interface PushOptions extends WriteOptions {
  /** 0..100 */
  readonly rollout?: number
  /** Refused unless this generation is the newest. */
  readonly over?: number
  readonly note?: string
}

export const configShow = (io: Io, generation: number | undefined, options: SourceOptions): Promise<number> =>
  withSource(io, async () => {
    if (generation === undefined) {
      const store = await openFor(io, options)
      const current = await currentOf(store)
      if (current === undefined) throw new SourceError(`${store.name} holds no configuration`, exitCode.failure)
      io.data(current.offer.text)
    } else io.data((await findPast(await openToWrite(io, options), generation)).text)
    return exitCode.ok
  })

/** `file`: `-` is standard input. */
export const configPush = (io: Io, file: string, options: PushOptions): Promise<number> =>
  withSource(io, async () => {
    const text = await readConfig(io, file)
    await validate(io, file, text)
    const source = await openToWrite(io, options)
    const current = await currentOf(source.store)
    const { over, rollout: percent = 100, note } = options
    if (over !== undefined && over !== current?.offer.generation)
      throw new SourceError(
        `nothing was pushed: ${source.name} holds ${current === undefined ? 'nothing' : described(current.offer)}, not generation ${over}; look at it with smartedge config diff`,
        exitCode.failure,
      )
    if (current?.offer.text === text && current.offer.percent === percent) {
      io.stdout(`nothing changed: ${printable(described(current.offer))} says the same\n`)
      return exitCode.ok
    }
    const newest = await newestOf(source, current?.offer)
    return await push(io, source, nextRelease({ ...author(io, note), current, newest, text, percent }), options)
  })

export const configRollout = (io: Io, percent: number, options: WriteOptions): Promise<number> =>
  withSource(io, async () => {
    const source = await openToWrite(io, options)
    const current = await currentOf(source.store)
    if (current === undefined) throw new SourceError(`${source.name} holds no configuration`, exitCode.failure)
    return await push(io, source, wider(current, percent), options)
  })

/** Without `file`: from the generation before to the newest. */
export const configDiff = (io: Io, file: string | undefined, options: SourceOptions): Promise<number> =>
  withSource(io, async () => {
    const store = await openFor(io, options)
    const current = await currentOf(store)
    if (current === undefined) throw new SourceError(`${store.name} holds no configuration`, exitCode.failure)
    const newest = current.offer
    if (file !== undefined) return tellDiff(io, [described(newest), newest.text], [file, await readConfig(io, file)])
    const before = newest.before ?? (await findBefore(await openToWrite(io, options), newest))
    return tellDiff(io, [generationName(before.generation), before.text], [described(newest), newest.text])
  })

export const configHistory = (io: Io, options: SourceOptions): Promise<number> =>
  withSource(io, async () => {
    const source = await openToWrite(io, options)
    const current = (await currentOf(source.store))?.offer
    const past = await historyOf(source)
    if (options.json) {
      const told = past.map(({ generation, at, by, note, of }) => {
        const isNewest = generation === current?.generation
        return { generation, at, by, note, of, percent: isNewest ? current?.percent : undefined }
      })
      io.data(`${JSON.stringify({ source: source.name, generations: told }, null, 2)}\n`)
      return exitCode.ok
    }
    const rows = past.map((offer) => rowOf(offer, current))
    const header = ['generation', 'at', 'by', 'nodes', 'note'].map((text) => ({ text, style: 'dim' as const }))
    io.stdout(
      rows.length === 0 ? `${printable(source.name)} has no history\n` : alignTable([header, ...rows], io.color),
    )
    return exitCode.ok
  })

/** Without `generation`: to the one before. */
export const configRollback = (io: Io, generation: number | undefined, options: PushOptions): Promise<number> =>
  withSource(io, async () => {
    const source = await openToWrite(io, options)
    const current = await currentOf(source.store)
    if (current === undefined) throw new SourceError(`${source.name} holds no configuration`, exitCode.failure)
    const target =
      generation === undefined ? await findBefore(source, current.offer) : await findPast(source, generation)
    // Of a way back, where it led.
    const of = target.of ?? target.generation
    const newest = await newestOf(source, current.offer)
    const next = nextRelease({ ...author(io, options.note), current, newest, text: target.text, percent: 100, of })
    io.stdout(`back to ${generationName(target.generation)}\n`)
    return await push(io, source, next, options)
  })

/** Where nobody says for how long. */
const WAIT_MS = 10_000

async function push(io: Io, source: Writable, next: Next, { wait = WAIT_MS }: WriteOptions): Promise<number> {
  const offer = await write(source, next)
  const share = offer.percent === 100 ? 'all nodes' : `${offer.percent} % of the nodes`
  io.stdout(`${printable(source.name)}: ${generationName(offer.generation)} is for ${share}\n`)
  return wait === 0 ? exitCode.ok : await followNodes(io, source, offer, wait)
}

async function readConfig(io: Io, file: string): Promise<string> {
  const input = await readInput(file, io.cwd, maxFileBytes)
  if (input.kind === 'fault') throw new SourceError(`${file} cannot be read: ${input.reason}`, exitCode.usage)
  return input.text.replace(/^\uFEFF/, '')
}

/** Throws for what no node could run. What this machine lacks alone, variables and files, nodes may have. */
async function validate(io: Io, file: string, text: string): Promise<void> {
  const [name, folder] = file === '-' ? ['standard input', io.cwd] : [file, dirname(resolve(io.cwd, file))]
  const tried = await tryText(io, { name, folder, text })
  if (tried.kind === 'config') return
  const { problems } = tried
  const local = problems.filter(({ isLocal }) => isLocal)
  for (const problem of local) io.stderr(`${printable(formatProblem(problem))}\n`)
  if (local.length > 0) io.stderr('So it is here: each node looks for itself, and refuses what it lacks.\n')
  const faults = problems.filter(({ isLocal }) => !isLocal)
  if (faults.length === 0) return
  printProblems(io, { ...tried, problems: faults })
  throw new SourceError('nothing was pushed', exitCode.badConfig)
}

/** The highest generation there has been: a source that was emptied does not begin at 1 again. */
async function newestOf(source: Writable, current: Offer | undefined): Promise<number> {
  return current?.generation ?? (await historyOf(source))[0]?.generation ?? 0
}

async function findPast(source: Writable, generation: number): Promise<Offer> {
  const past = await historyOf(source)
  const found = past.find((one) => one.generation === generation)
  if (found !== undefined) return found
  const known = past.map((one) => one.generation).join(', ')
  throw new SourceError(`${source.name} has no generation ${generation}; it has ${known || 'none'}`, exitCode.usage)
}

async function findBefore(source: Writable, newest: Offer): Promise<Pick<Offer, 'generation' | 'text' | 'of'>> {
  if (newest.before !== undefined) return newest.before
  const before = generationBefore(newest, await historyOf(source))
  if (before === undefined)
    throw new SourceError(`${source.name} has nothing before ${generationName(newest.generation)}`, exitCode.failure)
  return await findPast(source, before)
}

function tellDiff(io: Io, from: readonly [string, string], to: readonly [string, string]): number {
  const diff = lineDiff(from[1], to[1])
  if (diff === '') io.stdout(`${printable(from[0])} and ${printable(to[0])} say the same\n`)
  else io.stdout(`--- ${from[0]}\n+++ ${to[0]}\n${diff}`.split('\n').map(printable).join('\n'))
  return exitCode.ok
}

function rowOf(offer: Offer, current: Offer | undefined) {
  const { generation, at = '-', by = '-', note, of } = offer
  const isNewest = generation === current?.generation
  const nodes = isNewest ? (current?.percent === 100 ? 'all' : `${current?.percent} %`) : ''
  const words = [...(of === undefined ? [] : [`back to ${of}`]), ...(note === undefined ? [] : [note])].join(': ')
  return [
    { text: String(generation), right: true, ...(isNewest && { style: 'bold' as const }) },
    { text: secondOf(printable(at)) },
    { text: printable(by) },
    { text: nodes },
    { text: printable(words) },
  ]
}
