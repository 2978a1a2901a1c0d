/** What can be done to a running balancer from the screen: in words, as a request, and what came of it. Pure. */
import type { Frame } from '../report/frame.ts'
import { counted } from './amounts.ts'
import { backendPath, poolPath } from './api-paths.ts'
import { isLastUsable } from './standing.ts'

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
      return 'Reload the files?'
    case 'rollback':
      return 'Go back a generation?'
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

/** What to send; `path` begins with a slash. */
export interface CommandRequest {
  readonly method: 'PATCH' | 'POST'
  readonly path: string
  /** Sent as JSON; absent: nothing. */
  readonly body?: object
}

/** The admin API's request for it. */
export function requestOf(command: Command): CommandRequest {
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

/** Where a balancer says what the command would change, to whoever posts nothing there; undefined: nowhere. */
export function planPathOf({ kind }: Command): string | undefined {
  if (kind === 'rollback') return '/api/rollback/plan'
  return kind === 'reload' ? '/api/config/plan' : undefined
}

/** What it says there in a line; empty where it says nothing that is known. */
export function planWords(answer: unknown): string {
  const summary = fieldOf(answer, 'summary')
  return typeof summary === 'string' ? summary : ''
}

export interface Notice {
  readonly tone: 'good' | 'bad' | 'dim'
  readonly text: string
}

/** What came of a request: the answer, or why there is none. */
export type CommandAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused' | 'unreachable' | 'silent'; readonly reason: string }

/** What is said when the answer has come. */
export function outcomeOf(command: Command, answer: CommandAnswer): Notice {
  if (answer.kind !== 'ok') return { tone: 'bad', text: `Not done: ${answer.reason}` }
  if (fieldOf(answer.body, 'kind') === 'unchanged') return { tone: 'dim', text: 'Nothing had changed.' }
  const kept = fieldOf(answer.body, 'kept')
  if (Array.isArray(kept) && kept.length > 0)
    return {
      tone: 'bad',
      text: `${doneWords(command)}, but for ${kept.join(', ')}, kept as before: the events say why.`,
    }
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
