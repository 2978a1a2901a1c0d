/** `GET /api/explain` as commands ask it, and its answer as far as they rely on it. Pure. */
import type { ToldExplanation, ToldExplanations } from '../../core/explain/told.ts'

/** As the API's own; what is undefined does not matter. */
export interface ExplanationsQuery {
  /** The newest so many: 1..200. */
  readonly last: number
  readonly status?: string | undefined
  readonly slower?: string | undefined
  readonly route?: string | undefined
  readonly pool?: string | undefined
  readonly backend?: string | undefined
  /** Those that ended later than the one of this id. */
  readonly after?: string | undefined
}

/** In one answer. */
export const MOST_EXPLANATIONS = 200

export function explanationsPath(wanted: ExplanationsQuery): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value))
  return `/api/explain?${query.toString()}`
}

/** A newer edge may tell more. undefined: that is no answer of a SmartEdge. */
export function readExplanations(body: unknown): ToldExplanations | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { sampling, explanations } = body as Readonly<Record<string, unknown>>
  const isOurs =
    typeof sampling === 'object' && sampling !== null && Array.isArray(explanations) && explanations.every(isTold)
  return isOurs ? (body as ToldExplanations) : undefined
}

function isTold(one: unknown): one is ToldExplanation {
  if (typeof one !== 'object' || one === null) return false
  const { id, at, method, target, attempts, nobody = null } = one as Readonly<Record<string, unknown>>
  return (
    [id, at, method, target].every((text) => typeof text === 'string') &&
    Array.isArray(attempts) &&
    attempts.every(isAttempt) &&
    isPick(nobody)
  )
}

function isAttempt(one: unknown): boolean {
  if (typeof one !== 'object' || one === null) return false
  const { backend, pick = null } = one as Readonly<Record<string, unknown>>
  return typeof backend === 'string' && isPick(pick)
}

function isPick(pick: unknown): boolean {
  if (pick === null) return true
  if (typeof pick !== 'object') return false
  const { candidates, excluded, drawn, others, counts } = pick as Readonly<Record<string, unknown>>
  return [candidates, excluded, drawn, others].every(Array.isArray) && typeof counts === 'object' && counts !== null
}
