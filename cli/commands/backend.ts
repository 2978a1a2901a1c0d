/** `smartedge backend`: lists, adds, removes, drains, resumes, weighs and checks the members of a running edge's pools. */
import type { MemberView, PoolMembersView } from '../../core/admin/pool-view.ts'
import type { Generation } from '../../core/report/reload-status.ts'
import type { BackendStatus, PoolStatus, StatusSnapshot } from '../../core/report/snapshot.ts'
import type { Ask } from '../client/admin-client.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { backendPath, backendsPath } from '../../core/view/api-paths.ts'
import { command } from '../client/control-client.ts'
import { findBackend, findPool, isSameBackend } from '../client/find-backend.ts'
import { isLastUsable } from '../../core/view/standing.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { holdWords } from '../text/hold.ts'
import { alignTable, type Cell } from '../text/table.ts'
import { formatInflight } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { written } from '../text/written.ts'
import { checkBackend } from './backend-check.ts'

export interface BackendOptions extends TargetOptions {
  /** Without it the only pool is meant, or the only one that has the backend. */
  readonly pool?: string
  /** The answer as it came. */
  readonly json?: boolean
  /** Takes the last usable backend out without asking. */
  readonly yes?: boolean
}

/** What may be said of a new member; undefined: as it is by default. */
export interface MemberFacts {
  readonly weight?: number | undefined
  readonly tier?: number | undefined
  readonly zone?: string | undefined
}

export type BackendVerb =
  | { readonly kind: 'list' }
  | { readonly kind: 'add'; readonly url: string; readonly facts: MemberFacts }
  | { readonly kind: 'weight'; readonly id: string; readonly weight: number }
  | { readonly kind: 'remove' | 'drain' | 'resume'; readonly id: string }
  | { readonly kind: 'check'; readonly id: string }

type Change = Exclude<BackendVerb, { kind: 'list' | 'add' | 'check' }>

/** `usage` when it is not clear which pool is meant, `failure` when there is no such backend. */
export const backend = (io: Io, verb: BackendVerb, options: BackendOptions): Promise<number> =>
  command(io, options, { method: 'GET', path: '/api/status', tells: 'pools' }, async (body) => {
    const { pools = [], reload = null } = body as Partial<StatusSnapshot>
    if (verb.kind === 'list') return await list(io, pools, timeOf(body as StatusSnapshot), options)
    if (verb.kind === 'add') {
      const found = findPool(pools, options.pool)
      return found.kind === 'found' ? await add(io, found.pool, verb, options) : unclear(io, found)
    }
    const found = findBackend(pools, verb.id, options.pool)
    if (found.kind !== 'found') return unclear(io, found)
    if (verb.kind === 'check') return await checkBackend(io, found, options)
    if (!(await mayChange(io, verb, found, options))) return exitCode.failure
    return await change(io, verb, { ...found, generation: reload?.generation }, options)
  })

function unclear(io: Io, { kind, message }: Exclude<ReturnType<typeof findPool>, { kind: 'found' }>): number {
  io.stderr(`smartedge: ${printable(message)}\n`)
  return kind === 'unclear' ? exitCode.usage : exitCode.failure
}

/** Wall ms of the balancer's clock, when it told its status. */
const timeOf = ({ startedAt, uptimeMs }: StatusSnapshot): number => Date.parse(startedAt) + uptimeMs

/** `at`: of the status that `pools` are of. */
async function list(io: Io, pools: readonly PoolStatus[], at: number, options: BackendOptions): Promise<number> {
  const named = options.pool === undefined ? undefined : findPool(pools, options.pool)
  if (named !== undefined && named.kind !== 'found') return unclear(io, named)
  for (const pool of named === undefined ? pools : [named.pool]) {
    const { name } = pool
    const code = await command(io, options, { method: 'GET', path: backendsPath(name), tells: 'backends' }, (body) => {
      if (options.json) io.data(`${JSON.stringify(body, null, 2)}\n`)
      else io.stdout(formatPool(body as PoolMembersView, heldIn(pool, at), io.color))
      return exitCode.ok
    })
    if (code !== exitCode.ok) return code
  }
  return exitCode.ok
}

/** A balancer of before there were sources tells of none. */
type OlderStatus = Omit<PoolStatus, 'sources'> & Partial<Pick<PoolStatus, 'sources'>>

async function add(
  io: Io,
  { name: pool, backends, sources = [] }: OlderStatus,
  verb: BackendVerb & { kind: 'add' },
  options: BackendOptions,
) {
  const { url, facts } = verb
  // One that a source has found may be added all the same: which those are SmartEdge knows, and the status does not tell.
  const same = sources.length > 0 ? undefined : backends.find(({ id }) => isSameBackend(id, url))
  if (same !== undefined) {
    io.stderr(`smartedge: nothing changed: ${printable(pool)} has ${printable(same.id)} already\n`)
    return exitCode.failure
  }
  // What is undefined is not sent.
  const body = Object.values(facts).every((fact) => fact === undefined) ? url : { url, ...facts }
  return await command(
    io,
    options,
    { method: 'POST', path: backendsPath(pool), body, tells: 'generation', nameOf: (key) => key || '<url>' },
    (answer) => tell(io, options, answer, `${printable(pool)}: ${printable(url)} added${written(answer)}`),
  )
}

interface Place {
  readonly pool: PoolStatus
  readonly backend: BackendStatus
}

/** `generation`: the one in force, as the status tells it. */
async function change(
  io: Io,
  verb: Change,
  { pool, backend, generation }: Place & { readonly generation: Generation | undefined },
  options: BackendOptions,
): Promise<number> {
  const line = `${printable(pool.name)}: ${printable(backend.id)} ${wordsFor(verb)}`
  if (isSoAlready(verb, backend))
    return tell(io, options, { generation, file: null }, `${line} already, nothing was written`)
  const path = backendPath(pool.name, backend.id)
  return await command(io, options, { ...askFor(verb, path), tells: 'generation' }, (answer) =>
    tell(io, options, answer, `${line}${written(answer)}`),
  )
}

function wordsFor(verb: Change): string {
  if (verb.kind === 'weight') return `weighs ${verb.weight}`
  return { remove: 'is removed', drain: 'is draining', resume: 'is active' }[verb.kind]
}

function isSoAlready(verb: Change, { state, weight }: BackendStatus): boolean {
  if (verb.kind === 'weight') return verb.weight === weight
  return verb.kind !== 'remove' && (verb.kind === 'drain') === (state === 'draining')
}

function askFor(verb: Change, path: string): Ask {
  if (verb.kind === 'remove') return { method: 'DELETE', path }
  if (verb.kind === 'weight') return { method: 'PATCH', path, body: { weight: verb.weight } }
  return { method: 'PATCH', path, body: { state: verb.kind === 'drain' ? 'draining' : 'active' } }
}

/** Whether to go on: the last usable backend is not taken out by a slip. */
async function mayChange(io: Io, verb: Change, { pool, backend }: Place, { yes = false }: BackendOptions) {
  const takesOut = verb.kind === 'drain' || verb.kind === 'remove'
  if (yes || !takesOut || !isLastUsable(pool.backends, backend)) return true
  const warning = `${printable(backend.id)} is the last usable backend of ${printable(pool.name)}, which could answer nothing without it`
  if (io.confirm !== undefined && (await io.confirm(`${warning}. Go on?`))) return true
  io.stderr(`smartedge: nothing changed: ${warning}; --yes goes on all the same\n`)
  return false
}

function tell(io: Io, { json = false }: BackendOptions, answer: unknown, line: string): number {
  if (json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
  else io.stdout(`${line}\n`)
  return exitCode.ok
}

/** What holds each of them out, in words, by id. */
const heldIn = ({ backends }: PoolStatus, at: number): ReadonlyMap<string, string> =>
  new Map(backends.map((backend) => [backend.id, holdWords(backend, at)]))

type Held = ReadonlyMap<string, string>

interface MemberColumn {
  readonly title: string
  readonly isNumber?: true
  readonly text: (member: MemberView, held: Held) => string
}

const memberColumns: readonly MemberColumn[] = [
  { title: 'backend', text: ({ id }) => id },
  { title: 'state', text: ({ state }) => state },
  { title: 'health', text: ({ health }) => health ?? '-' },
  { title: 'weight', isNumber: true, text: ({ weight }) => String(weight) },
  { title: 'tier', isNumber: true, text: ({ tier }) => String(tier ?? 0) },
  { title: 'in flight', isNumber: true, text: (member) => formatInflight(member) },
  { title: 'zone', text: ({ zone }) => zone ?? '-' },
  { title: 'found by', text: ({ source }) => source ?? '-' },
  { title: 'held out by', text: ({ id, by }, held) => heldText(by, held.get(id) ?? '') },
]

/** `checks: …`; the others' words say whose they are. */
const heldText = (by: string | null | undefined, words: string): string =>
  by === 'checks' || by === 'traffic' ? `${by}: ${words}` : words || '-'

function formatPool({ pool, strategy, file, backends }: PoolMembersView, held: Held, color: boolean): string {
  // Tiers and sources are told where there are any.
  const isTiered = backends.some(({ tier }) => (tier ?? 0) > 0)
  const isFound = backends.some(({ source }) => Boolean(source))
  const columns = memberColumns.filter(
    ({ title }) => (title !== 'tier' || isTiered) && (title !== 'found by' || isFound),
  )
  const header = columns.map(({ title, isNumber }): Cell => ({ text: title, style: 'dim', right: isNumber === true }))
  const rows = backends.map((member) =>
    columns.map(({ isNumber, text }): Cell => ({ text: printable(text(member, held)), right: isNumber === true })),
  )
  const place = file === null ? 'the config file' : printable(file)
  const title = `${printable(pool)} · ${printable(strategy)} · members in ${place}`
  return `${title}\n${alignTable([header, ...rows], color)}`
}
