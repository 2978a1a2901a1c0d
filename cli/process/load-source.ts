/**
 * Reads the configuration from where a fleet has it, for `run`; from this machine's copy where that cannot be had, or holds
 * what cannot be run here. Tells people why there is none.
 */
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { readRegularFile } from '../../core/config/files.ts'
import { type Loaded, loadConfig } from '../../core/config/load.ts'
import { formatProblem, type Problem } from '../../core/config/problems.ts'
import { stackOf } from '../../core/errors.ts'
import { readAddress, type SourceAddress } from '../../core/fleet/address.ts'
import { faultOfNode, nodeName, readCopy } from '../../core/fleet/copy.ts'
import { createFleetNode } from '../../core/fleet/node.ts'
import { openStore } from '../../core/fleet/open.ts'
import { generationName, readOffer, type Release, releaseFor } from '../../core/fleet/release.ts'
import type { ConfigStore } from '../../core/fleet/store.ts'
import { homeOf } from '../../core/own-files.ts'
import { systemRandom } from '../../core/random.ts'
import { checkConfig } from '../../core/runtime/check-config.ts'
import { printable } from '../text/text.ts'
import { exitCode } from './exit-codes.ts'
import type { Io } from './io.ts'
import { type LoadedConfig, locateIn, printProblems, refuser } from './load.ts'

/** `text`: what `--config` says; `base`: where relative paths in the config start, else the working folder. */
export async function loadSource(io: Io, text: string, base: string | undefined): Promise<LoadedConfig | number> {
  const opened = await openSource(io, text)
  if (typeof opened === 'number') return opened
  const node = nodeName(io.env)
  const faultOfName = faultOfNode(node)
  if (faultOfName !== undefined) return fail(io, faultOfName, exitCode.usage)
  const { name } = opened.store
  const place: Place = { ...opened, name, node, folder: resolve(io.cwd, base ?? '.') }
  const offered = await firstOffer(opened.store, node)
  if (offered.kind === 'fault') {
    const tell = (): void => io.stderr(`smartedge: ${printable(name)}: ${printable(offered.reason)}\n`)
    return await loadCopy(io, place, { reason: offered.reason, tell, code: exitCode.failure })
  }
  const tried = await tryText(io, { ...place, text: offered.release.text })
  if (tried.kind === 'config') return loadedFrom(io, place, { release: offered.release, loaded: tried })
  const reason = `has what cannot be run here: ${firstOf(tried.problems)}`
  return await loadCopy(io, place, { reason, tell: () => printProblems(io, tried), code: exitCode.badConfig })
}

/** What the source holds, as it would be loaded in the working folder: for `validate`. A number: why it was not had has been told. */
export async function loadNewest(io: Io, text: string): Promise<Loaded | number> {
  const opened = await openSource(io, text)
  if (typeof opened === 'number') return opened
  const { name } = opened.store
  const offered = await firstOffer(opened.store, undefined)
  if (offered.kind === 'fault') return fail(io, `${name}: ${offered.reason}`, exitCode.failure)
  return loadText(io, { name, folder: io.cwd, text: offered.release.text })
}

interface Place extends Omit<ConfigText, 'text'> {
  readonly source: SourceAddress
  readonly store: ConfigStore
  readonly node: string
}

/** Why the source's own is not taken, how that is told where there is no copy, and what it comes to then. */
interface Want {
  readonly reason: string
  readonly tell: () => void
  readonly code: number
}

async function loadCopy(io: Io, place: Place, { reason, tell, code }: Want): Promise<LoadedConfig | number> {
  const copy = readCopy(place.source, place.node, homeOf(io.env))
  const kept = copy.kind === 'copy' ? await tryText(io, { ...place, text: copy.release.text }) : undefined
  if (copy.kind === 'copy' && kept?.kind === 'config') {
    const ageMs = Math.max(0, Math.round(systemClock.wallTime() - copy.writtenAt))
    const copied = { reason, ageMs, release: generationName(copy.release.generation) }
    return loadedFrom(io, place, { release: copy.release, loaded: kept, copied })
  }
  tell()
  return fail(io, withoutCopy(copy, kept?.kind === 'problems' ? kept.problems : undefined), code)
}

/** `usage` where it is no source. Shared with the commands that write to one. */
export async function openSource(
  io: Pick<Io, 'env' | 'stderr'>,
  text: string,
): Promise<{ readonly source: SourceAddress; readonly store: ConfigStore } | number> {
  const read = readAddress(text, io.env)
  if (read.kind === 'fault') {
    const named = io.env['SMARTEDGE_CONFIG'] === text ? 'SMARTEDGE_CONFIG' : '--config'
    return fail(io, `${named} ${read.rule}`, exitCode.usage)
  }
  const reportFault = (error: unknown): void => io.stderr(`smartedge: ${printable(stackOf(error))}\n`)
  const store = await openStore(read.source, { clock: systemClock, random: systemRandom, reportFault })
  return { source: read.source, store }
}

function fail(io: Pick<Io, 'stderr'>, message: string, code: number): number {
  io.stderr(`smartedge: ${printable(message)}\n`)
  return code
}

type FirstOffer =
  | { readonly kind: 'release'; readonly release: Release }
  /** In words, behind the source's name. */
  | { readonly kind: 'fault'; readonly reason: string }

/** `node`: undefined for the newest, whoever it is for. */
async function firstOffer(store: ConfigStore, node: string | undefined): Promise<FirstOffer> {
  const held = await store.read()
  if (held.kind === 'absent')
    return { kind: 'fault', reason: 'holds no configuration: smartedge config push writes one' }
  if (held.kind === 'fault') return held
  const read = readOffer(held.value)
  if (read.kind === 'fault') return { kind: 'fault', reason: read.rule }
  const release = node === undefined ? read.offer : releaseFor(read.offer, node)
  return release === undefined
    ? { kind: 'fault', reason: `is for ${read.offer.percent} % of the nodes, and has nothing for the others` }
    : { kind: 'release', release }
}

/** A config that stands in no file. */
interface ConfigText {
  /** What people are told it is. */
  readonly name: string
  /** Where relative paths start. */
  readonly folder: string
  readonly text: string
}

/** As it would stand in a file of the usual name in `folder`. */
function loadText(io: Pick<Io, 'cwd' | 'env'>, { name, folder, text }: ConfigText): Loaded {
  const path = join(folder, 'smartedge.config.json')
  const bytes = Buffer.from(text)
  const readFile = (file: string): Uint8Array => (file === path ? bytes : readRegularFile(file))
  return loadConfig({ place: { kind: 'config', path, name }, cwd: io.cwd, env: io.env, readFile })
}

/** With all that a start would refuse but what is this machine's alone: ports. */
export async function tryText(io: Pick<Io, 'cwd' | 'env'>, given: ConfigText): Promise<Loaded> {
  const loaded = loadText(io, given)
  if (loaded.kind === 'problems') return loaded
  const found = await checkConfig(loaded.config, systemClock)
  if (found.length === 0) return loaded
  const problems = found.flatMap((problem) => locateIn(loaded, problem, io.cwd))
  return { ...loaded, kind: 'problems', problems, omitted: 0, rest: undefined }
}

interface Runnable {
  readonly release: Release
  readonly loaded: Loaded & { readonly kind: 'config' }
  readonly copied?: Parameters<typeof createFleetNode>[0]['copied']
}

function loadedFrom(io: Io, { source, store, node }: Place, { release, loaded, copied }: Runnable): LoadedConfig {
  const { config, place, warnings } = loaded
  const given = { from: 'source' as const, text: release.text }
  const home = homeOf(io.env)
  return {
    config,
    file: source.name,
    files: { place, cwd: io.cwd, env: io.env, given, warnings, isWatched: true },
    fleet: createFleetNode({
      source,
      store,
      node,
      host: hostname(),
      inForce: release,
      clock: systemClock,
      home,
      copied,
    }),
    refuse: refuser(io, loaded),
  }
}

const firstOf = ([first]: readonly Problem[] = []): string =>
  first === undefined ? 'it is faulty' : formatProblem(first)

function withoutCopy(copy: ReturnType<typeof readCopy>, problems: readonly Problem[] | undefined): string {
  if (copy.kind === 'absent') return 'this node has kept no copy of it either, so that there is nothing to serve'
  if (copy.kind === 'refused') return `the copy that this node has kept is not taken: ${printable(copy.reason)}`
  return `the copy that this node has kept cannot be run either: ${printable(firstOf(problems))}`
}
