/** `smartedge backend`: lists, adds, removes, drains, resumes, weighs and checks the members of a running edge's pools. */
import type { MemberView, PoolMembersView } from '../../core/admin/pool-view.ts'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { type Ask, command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { alignTable, type Cell } from '../text/table.ts'
import { printable } from '../text/text.ts'

export interface BackendOptions extends TargetOptions {
  /** Without it the only pool is meant. */
  readonly pool?: string
  /** The answer as it came. */
  readonly json?: boolean
}

export type BackendVerb =
  | { readonly kind: 'list' }
  | { readonly kind: 'add'; readonly url: string; readonly weight?: number; readonly zone?: string }
  | { readonly kind: 'weight'; readonly id: string; readonly weight: number }
  | { readonly kind: 'remove' | 'drain' | 'resume' | 'check'; readonly id: string }

/** `usage` when no pool is named and there are several. */
export async function backend(io: Io, verb: BackendVerb, options: BackendOptions): Promise<number> {
  const { pool } = options
  if (pool !== undefined) return await onPool(io, pool, verb, options)
  return await command(io, options, { method: 'GET', path: '/api/status' }, async (body) => {
    const names = ((body as Partial<StatusSnapshot>).pools ?? []).map(({ name }) => name)
    if (verb.kind === 'list') return await listAll(io, names, options)
    const [only, another] = names
    if (only !== undefined && another === undefined) return await onPool(io, only, verb, options)
    io.stderr(`smartedge: name the pool with --pool: ${names.map(printable).join(', ')}\n`)
    return exitCode.usage
  })
}

async function listAll(io: Io, names: readonly string[], options: BackendOptions): Promise<number> {
  for (const name of names) {
    const code = await onPool(io, name, { kind: 'list' }, options)
    if (code !== exitCode.ok) return code
  }
  return exitCode.ok
}

const onPool = (io: Io, pool: string, verb: BackendVerb, options: BackendOptions): Promise<number> =>
  command(io, options, askFor(verb, `/api/pools/${encodeURIComponent(pool)}/backends`), (body) => {
    if (options.json) io.stdout(`${JSON.stringify(body, null, 2)}\n`)
    else io.stdout(verb.kind === 'list' ? formatPool(body as PoolMembersView, io.color) : done(verb, pool, body))
    return exitCode.ok
  })

function askFor(verb: BackendVerb, path: string): Ask {
  if (verb.kind === 'list') return { method: 'GET', path }
  if (verb.kind === 'add') {
    const { url, weight, zone } = verb
    const details = { ...(weight !== undefined && { weight }), ...(zone !== undefined && { zone }) }
    return { method: 'POST', path, body: Object.keys(details).length === 0 ? url : { url, ...details } }
  }
  const one = `${path}/${encodeURIComponent(verb.id)}`
  if (verb.kind === 'remove') return { method: 'DELETE', path: one }
  if (verb.kind === 'check') return { method: 'POST', path: `${one}/check` }
  if (verb.kind === 'weight') return { method: 'PATCH', path: one, body: { weight: verb.weight } }
  return { method: 'PATCH', path: one, body: { state: verb.kind === 'drain' ? 'draining' : 'active' } }
}

const words = {
  add: 'added',
  remove: 'removed',
  drain: 'draining',
  resume: 'active',
  weight: 'weighed',
  check: 'check started',
} as const

function done(verb: Exclude<BackendVerb, { kind: 'list' }>, pool: string, body: unknown): string {
  const { file, generation } = body as { file?: unknown; generation?: { number?: unknown } }
  const where = typeof file === 'string' ? `, written to ${printable(file)}` : ''
  const number = typeof generation?.number === 'number' ? ` (generation ${generation.number})` : ''
  return `${printable(pool)}: ${printable(verb.kind === 'add' ? verb.url : verb.id)} ${words[verb.kind]}${where}${number}\n`
}

function formatPool({ pool, strategy, file, backends }: PoolMembersView, color: boolean): string {
  const titles = ['backend', 'state', 'health', 'weight', 'in flight', 'zone']
  const header = titles.map((text, column): Cell => ({ text, style: 'dim', right: isNumber(column) }))
  const place = file === null ? 'the config file' : printable(file)
  const title = `${printable(pool)} · ${printable(strategy)} · members in ${place}`
  return `${title}\n${alignTable([header, ...backends.map(memberRow)], color)}`
}

const isNumber = (column: number): boolean => column === 3 || column === 4

function memberRow({ id, state, health, weight, inflight, zone }: MemberView): Cell[] {
  const texts = [id, state, health ?? '-', String(weight), String(inflight), zone ?? '-']
  return texts.map((text, column) => ({ text: printable(text), right: isNumber(column) }))
}
