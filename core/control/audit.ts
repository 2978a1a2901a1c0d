/** Edits and their outcomes in words, for the audit event. Pure. */
import { formatProblem } from '../config/problems.ts'
import { withoutPassword } from '../config/read/show.ts'
import { hideSecrets } from '../secrets.ts'
import type { EditResult, PoolEdit } from './contract.ts'

/** A strategy's options may hold secrets, and are not told. */
export function describeEdit(edit: PoolEdit): string {
  if (edit.kind === 'add') return `${edit.pool}: add ${show(edit.member)}`
  if (edit.kind === 'remove') return `${edit.pool}: remove ${edit.backend}`
  if (edit.kind === 'replace')
    return `${edit.pool}: put ${edit.put.map((text) => withoutPassword(text).slice(0, 200)).join(', ')}, remove ${edit.gone.join(', ') || 'none'}`
  if (edit.kind === 'strategy') return `${edit.pool}: strategy ${show(useOf(edit.strategy))}`
  const parts = [
    ...(edit.weight === undefined ? [] : [`weight ${show(edit.weight)}`]),
    ...(edit.maxInflight === undefined ? [] : [`maxInflight ${show(edit.maxInflight)}`]),
    ...(edit.drain === undefined ? [] : [edit.drain ? 'drain' : 'resume']),
  ]
  return `${edit.pool}: ${edit.backend} ${parts.join(', ')}`
}

export function describeResult(result: EditResult): string {
  if (result.kind === 'done') return `done, generation ${result.generation.number}`
  if (result.kind === 'stale') return 'refused: the pool has changed since'
  if (result.kind === 'invalid') return `refused: ${result.problems.slice(0, 3).map(formatProblem).join('; ')}`
  return `refused: ${result.detail}`
}

function useOf(strategy: unknown): unknown {
  if (typeof strategy !== 'object' || strategy === null) return strategy
  return 'use' in strategy ? strategy.use : undefined
}

function show(value: unknown): string {
  const shown = (_: string, item: unknown): unknown => (typeof item === 'string' ? withoutPassword(item) : item)
  const text = JSON.stringify(hideSecrets(value), shown) ?? 'nothing'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
