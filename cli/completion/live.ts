/** Names that only a running SmartEdge or this program knows, for completing them: quickly, or none. */
import { setTimeout as wait } from 'node:timers/promises'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import { askAdmin } from '../client/admin-client.ts'
import { adminTarget, TargetError } from '../client/admin-target.ts'
import { certificatesPath, clientsPath, plansPath, previewsPath } from '../../core/view/api-paths.ts'
import type { Io } from '../process/io.ts'
import type { Candidate, Source, Wanted } from './wanted.ts'

/** Nobody waits longer for a list. */
export const deadlineMs = 500

type Live = 'pools' | 'backends' | 'clients' | 'plans' | 'certificates' | 'previews'
type Asking = Pick<Io, 'env' | 'cwd'>

/** What a source knows; nothing where nobody answers in time. Never rejects. */
export async function valuesFrom(source: Source, target: Wanted['target'], io: Asking): Promise<readonly Candidate[]> {
  if (source === 'strategies') return shippedStrategies.map((value) => ({ value, about: 'shipped' }))
  if (source === 'scenarios') return await scenarios()
  return isLive(source) ? await askFor(source, target, io) : []
}

async function scenarios(): Promise<readonly Candidate[]> {
  const { catalogue, sets } = await import('../../bench/scenarios/catalogue.ts')
  return [
    ...catalogue.map(({ name, summary }) => ({ value: name, about: summary })),
    ...Object.keys(sets).map((value) => ({ value, about: 'a set' })),
  ]
}

interface Listing {
  readonly path: string
  readonly read: (body: unknown) => readonly Candidate[]
}

const listings: Readonly<Record<Live, Listing>> = {
  pools: { path: '/api/status', read: (body) => itemsOf(body, 'pools').map(named('name', 'strategy')) },
  backends: {
    path: '/api/status',
    read: (body) => itemsOf(body, 'pools').flatMap((pool) => itemsOf(pool, 'backends').map(named('id', 'state'))),
  },
  clients: { path: `${clientsPath}?limit=200`, read: (body) => itemsOf(body, 'clients').map(named('id', 'name')) },
  certificates: {
    path: certificatesPath,
    read: (body) => itemsOf(body, 'certificates').map(named('name', 'issuer')),
  },
  previews: { path: previewsPath, read: (body) => itemsOf(body, 'previews').map(named('host', 'url')) },
  plans: { path: plansPath, read: (body) => itemsOf(body, 'plans').map(named('name')) },
}

const isLive = (source: Source): source is Live => Object.hasOwn(listings, source)

async function askFor(source: Live, options: Wanted['target'], io: Asking): Promise<readonly Candidate[]> {
  const { path, read } = listings[source]
  try {
    const late = wait(deadlineMs, undefined, { ref: false })
    const answer = await Promise.race([askAdmin(adminTarget(options, io), path), late])
    return answer?.kind === 'ok' ? read(answer.body).filter(({ value }) => value !== '') : []
  } catch (error) {
    if (error instanceof TargetError) return []
    throw error
  }
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})

function itemsOf(body: unknown, key: string): readonly Fields[] {
  const items = fieldsOf(body)[key]
  return Array.isArray(items) ? items.map(fieldsOf) : []
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const named =
  (key: string, about?: string) =>
  (fields: Fields): Candidate => ({
    value: textOf(fields[key]),
    about: about === undefined ? '' : textOf(fields[about]),
  })
