/** What an edit of a pool would come to, before anybody decides on it. Nothing is written, tried out or changed. */
import { memberTexts } from '../config/edit/pool-edit.ts'
import type { Drafted, PoolEdit } from './contract.ts'
import { findBase, soundPool } from './edit-base.ts'
import { type EditContext, invalid, makeEdits, problemsOf } from './edit-batch.ts'

export type DraftContext = Pick<EditContext, 'files' | 'read' | 'clock'>

export async function draftEdit(context: DraftContext, edit: PoolEdit): Promise<Drafted> {
  const { files, read: readFiles } = context
  const base = findBase(files, readFiles(), edit)
  if (base.kind === 'refused') return base.refusal
  const { text, outcomes } = await makeEdits(base, [edit], context)
  const [refusal] = outcomes
  if (refusal !== undefined) return refusal
  const read = readFiles(new Map([[base.home.file, text]]))
  const pool = soundPool(read.loaded, edit.pool)
  if (pool === undefined) return invalid(problemsOf(read), base, files).refusal
  return { kind: 'draft', pool, members: memberTexts(base.text, base.home, files.env) }
}
