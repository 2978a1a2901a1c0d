/** Which of the watched balancers is shown, or all of them; and which ones an action is for. Pure. */
import type { Frame } from '../../core/report/frame.ts'
import type { Command } from '../../core/view/commands.ts'
import { presentEdges, type WatchedEdge } from './edges.ts'
import type { Link } from '../../core/view/seen.ts'
import type { UiState } from './state.ts'

/** The state with what is to be shown of its edges. */
export function showing(state: UiState): UiState {
  const { edges, chosen, together } = state
  const edge = chosen === undefined ? undefined : edges[chosen]
  if (edge !== undefined) return { ...state, link: edge.link, live: edge.seen }
  return { ...state, link: linkOfAll(edges), live: together.seen }
}

/** They are lost when each is. */
function linkOfAll(edges: readonly WatchedEdge[]): Link {
  const links = edges.map(({ link }) => link)
  const lost = links.flatMap((link) => (link.kind === 'lost' ? [link] : []))
  const [first] = lost
  if (first === undefined || lost.length < links.length)
    return { kind: links.some(({ kind }) => kind === 'live') ? 'live' : 'connecting' }
  const reasons = new Set(lost.map(({ reason }) => reason))
  return {
    kind: 'lost',
    reason: `all ${edges.length} edges: ${[...reasons].join(', ')}`,
    since: Math.max(...lost.map(({ since }) => since)),
    retryAt: Math.min(...lost.map(({ retryAt }) => retryAt)),
  }
}

/** `undefined`: all of them. Of one alone there is nothing to choose. */
export function chooseEdge(state: UiState, chosen: number | undefined): UiState {
  if (state.edges.length === 1) return state
  return showing({ ...state, chosen, frozen: undefined, isReading: false })
}

/** All, then each in turn, then all. */
export function turnEdge(state: UiState, by: 1 | -1): UiState {
  const places = state.edges.length + 1
  const place = ((state.chosen ?? -1) + 1 + by + places) % places
  return chooseEdge(state, place === 0 ? undefined : place - 1)
}

/** Whom an action is for: the one that is shown, else all that are there and have what it is about. */
export function targetsOf({ edges, chosen, now }: UiState, command: Command): readonly number[] {
  if (chosen !== undefined) return [chosen]
  return presentEdges(edges, now).filter((index) => hasSubject(edges[index]?.seen.frame, command))
}

function hasSubject(frame: Frame | undefined, command: Command): boolean {
  if (!('pool' in command)) return true
  const pool = frame?.pools.find(({ name }) => name === command.pool)
  return pool !== undefined && (!('backend' in command) || pool.backends.some(({ id }) => id === command.backend))
}

/** Before a question, who is meant: `All 3 edges: `; empty where there is one alone. */
export function targetWords(state: UiState, command: Command): string {
  const { edges, chosen } = state
  if (edges.length === 1) return ''
  const targets = targetsOf(state, command)
  const [only] = targets
  const name = only === undefined ? 'No edge' : edges[only]?.name
  if (chosen !== undefined || targets.length < 2) return `${name}: `
  return targets.length === edges.length
    ? `All ${edges.length} edges: `
    : `${targets.length} of ${edges.length} edges: `
}

/** How many of those watched are there. */
export const presentCount = ({ edges, now }: UiState): number => presentEdges(edges, now).length
