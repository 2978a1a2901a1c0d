/** What can be done to a running balancer from the screen: in words, as a request, and what came of it. Pure. */
import { defaults } from '../../core/config/defaults.ts'
import type { AdminAnswer, Ask } from '../client/admin-client.ts'
import type { Frame } from '../../core/report/frame.ts'
import { backendPath, poolPath } from '../client/api-paths.ts'
import { isLastUsable } from '../client/find-backend.ts'
import { counted } from '../text/format.ts'

const { min, max } = defaults['pool.backend.weight']

export type Command =
  | { readonly kind: 'drain'; readonly pool: string; readonly backend: string }
  | { readonly kind: 'resume' | 'check'; readonly pool: string; readonly backend: string }
  | { readonly kind: 'weight'; readonly pool: string; readonly backend: string; readonly weight: number }
  | { readonly kind: 'strategy'; readonly pool: string; readonly strategy: string }
  | { readonly kind: 'reload' | 'rollback' }

/** What `y` agrees to; `frame`: as things stand. */
export function questionOf(command: Command, frame: Frame | undefined): string {
  switch (command.kind) {
    case 'drain':
      return takesTheLast(command, frame)
        ? `Drain ${command.backend}, the last usable backend of ${command.pool}? Nothing could be answered without it.`
        : `Drain ${command.backend} in ${command.pool}? It gets no new requests.`
    case 'resume':
      return `Resume ${command.backend} in ${command.pool}?`
    case 'check':
      return `Check ${command.backend} in ${command.pool} now?`
    case 'weight':
      return `Set the weight of ${command.backend} in ${command.pool} to ${command.weight}?`
    case 'strategy':
      return `Switch ${command.pool} to the strategy ${command.strategy}?`
    case 'reload':
      return 'Reload the configuration files?'
    case 'rollback':
      return 'Roll back to the last good generation?'
  }
}

function takesTheLast(
  { pool: name, backend: id }: Command & { readonly kind: 'drain' },
  frame: Frame | undefined,
): boolean {
  const { backends } = frame?.pools.find((pool) => pool.name === name) ?? { backends: [] }
  const backend = backends.find((one) => one.id === id)
  return backend !== undefined && isLastUsable(backends, backend)
}

/** The admin API's request for it. */
export function requestOf(command: Command): Ask {
  switch (command.kind) {
    case 'drain':
      return { method: 'PATCH', path: backendPath(command.pool, command.backend), body: { state: 'draining' } }
    case 'resume':
      return { method: 'PATCH', path: backendPath(command.pool, command.backend), body: { state: 'active' } }
    case 'weight':
      return { method: 'PATCH', path: backendPath(command.pool, command.backend), body: { weight: command.weight } }
    case 'check':
      return { method: 'POST', path: `${backendPath(command.pool, command.backend)}/check` }
    case 'strategy':
      return { method: 'PATCH', path: poolPath(command.pool), body: { strategy: command.strategy } }
    case 'reload':
      return { method: 'POST', path: '/api/reload' }
    case 'rollback':
      return { method: 'POST', path: '/api/rollback' }
  }
}

export interface Notice {
  readonly tone: 'good' | 'bad' | 'dim'
  readonly text: string
}

/** What is said when the answer has come. */
export function outcomeOf(command: Command, answer: AdminAnswer): Notice {
  if (answer.kind !== 'ok') return { tone: 'bad', text: `Not done: ${answer.reason}` }
  if (fieldOf(answer.body, 'kind') === 'unchanged') return { tone: 'dim', text: 'Nothing had changed.' }
  const kept = fieldOf(answer.body, 'kept')
  if (Array.isArray(kept) && kept.length > 0)
    return { tone: 'bad', text: `${doneWords(command)}, but for ${kept.join(', ')}, kept as before: see 5 Events.` }
  const generation = generationIn(answer.body)
  return {
    tone: 'good',
    text: `${doneWords(command)}${generation === undefined ? '.' : `: generation ${generation}.`}`,
  }
}

/** Of several that were asked for the same. */
export function sumOutcomes(command: Command, outcomes: readonly (Notice & { readonly edge: string })[]): Notice {
  const bad = outcomes.filter(({ tone }) => tone === 'bad')
  const [first] = bad
  if (first === undefined)
    return { tone: 'good', text: `${doneWords(command)}, at ${counted(outcomes.length, 'edge')}.` }
  const others = bad.length === 1 ? '' : `, and at ${bad.length - 1} more`
  const done = outcomes.length - bad.length
  return { tone: 'bad', text: `${first.edge}: ${first.text}${others}; done at ${done} of ${outcomes.length}.` }
}

function doneWords(command: Command): string {
  switch (command.kind) {
    case 'drain':
      return `${command.backend} drains`
    case 'resume':
      return `${command.backend} takes requests again`
    case 'check':
      return `${command.backend} is being checked`
    case 'weight':
      return `${command.backend} has weight ${command.weight}`
    case 'strategy':
      return `${command.pool} balances by ${command.strategy}`
    case 'reload':
      return 'Reloaded'
    case 'rollback':
      return 'Rolled back'
  }
}

/** A number, or an object that has one. */
function generationIn(body: unknown): number | undefined {
  const generation = fieldOf(body, 'generation')
  const number = typeof generation === 'number' ? generation : fieldOf(generation, 'number')
  return typeof number === 'number' ? number : undefined
}

const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined

/** Completes "A weight …". */
export const weightRule = `is a number from ${min} to ${max}, such as 2 or 0.5.`

/** What a weight may be, typed by a person; undefined: nothing of the kind. */
export function parseWeight(text: string): number | undefined {
  const weight = /^\d{1,6}(?:\.\d{1,3})?$/.test(text.trim()) ? Number(text) : Number.NaN
  return weight >= min && weight <= max ? weight : undefined
}
