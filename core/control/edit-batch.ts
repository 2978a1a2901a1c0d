/** Several changes of one pool -> one new text of the file that holds it: checked as a whole, put in force, written. */
import { scheduler } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { editText } from '../config/edit/pool-edit.ts'
import { writeAtomically } from '../config/edit/write.ts'
import { formatProblem, type Problem } from '../config/problems.ts'
import { displayName } from '../config/read/reading.ts'
import type { ConfigFiles, PoolEdit } from './contract.ts'
import { apply, type EdgeControl } from './edge-control.ts'
import { type EditBase, etagOf, findBase, type Refusal, soundPool } from './edit-base.ts'
import { locate, publish, type Published } from './publish.ts'
import type { FilesRead, ReadFiles } from './read-files.ts'
import { strangeStrategies } from './strange-strategies.ts'

export interface EditContext {
  readonly edge: EdgeControl
  readonly files: ConfigFiles
  readonly read: ReadFiles
}

type Accepted = Exclude<Published, { kind: 'refused' }>

export interface Made {
  readonly kind: 'made'
  /** One per edit, in order: undefined when it was made. */
  readonly outcomes: readonly (Refusal | undefined)[]
  readonly published: Accepted
  /** In force until then. */
  readonly before: Config
  /** The files as they are now. */
  readonly read: FilesRead
  readonly etag: string
  /** Absolute. */
  readonly file: string
}

export type BatchResult =
  | Made
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Somebody saved the file meanwhile: begin again with what it holds now. */
  | { readonly kind: 'overtaken' }

/** All `edits` are of one pool, and all or none of its strategy. Unless something was made, nothing has changed. */
export async function editBatch(context: EditContext, edits: readonly [PoolEdit, ...PoolEdit[]]): Promise<BatchResult> {
  const [{ pool: name }] = edits
  const base = findBase(context.files, context.read(), edits[0])
  if (base.kind === 'refused') return base
  const { text, outcomes } = await makeEdits(base, edits, context.files)
  const read = context.read(new Map([[base.home.file, text]]))
  const pool = soundPool(read.loaded, name)
  const isWhole = read.loaded.kind === 'config' || read.loaded.rest !== undefined
  if (pool === undefined || !isWhole) return invalid(problemsOf(read), base)

  const inForce = context.edge.config
  const strange = edits[0].kind === 'strategy' ? strangeStrategies([pool], inForce, context.files) : []
  if (strange.length > 0)
    return invalid(
      strange.map((problem) => locate(problem, context.files, read)),
      base,
    )
  const published = await publish(context.edge, context.files, read)
  if (published.kind === 'refused') return invalid(published.problems, base)
  const back = async (result: BatchResult): Promise<BatchResult> => {
    await apply(context.edge, inForce)
    return result
  }
  const unmoved = edits[0].kind === 'strategy' ? published.kept : published.isolated
  if (unmoved.includes(name)) return await back(invalid(published.problems, base))
  // In force first: a strategy that turns out not to load must not be found in the file by the next start.
  const written = text === base.text ? undefined : await writeAtomically(base.home.file, text, base.text)
  if (written?.kind === 'changed') return await back({ kind: 'overtaken' })
  if (written?.kind === 'fault') return await back(unwritten(base.home.file, written.reason, context.files))
  return { kind: 'made', outcomes, published, before: inForce, read, etag: etagOf(pool), file: base.home.file }
}

type Base = EditBase & { kind: 'base' }

async function makeEdits(base: Base, edits: readonly PoolEdit[], { env }: ConfigFiles) {
  let { text } = base
  const outcomes: (Refusal | undefined)[] = []
  for (const edit of edits) {
    const edited = editText(text, base.home, edit, env)
    if (edited.kind === 'text') text = edited.text
    outcomes.push(edited.kind === 'text' ? undefined : noBackend(edit))
    // Each parses the whole text, some milliseconds for thousands of members: traffic goes on in between.
    await scheduler.yield()
  }
  return { text, outcomes }
}

const noBackend = (edit: PoolEdit): Refusal => ({
  kind: 'unknown',
  detail: `The pool ${edit.pool} has no backend ${'backend' in edit ? edit.backend : ''}.`,
})

const problemsOf = ({ loaded }: FilesRead): readonly Problem[] => (loaded.kind === 'problems' ? loaded.problems : [])

/** Those that were there before are not this edit's. */
function invalid(problems: readonly Problem[], base: Base): BatchResult {
  const old = new Set(base.problems.map(formatProblem))
  const own = problems.filter((problem) => !old.has(formatProblem(problem)))
  return { kind: 'refused', refusal: { kind: 'invalid', problems: own } }
}

const unwritten = (file: string, reason: string, { cwd }: ConfigFiles): BatchResult => ({
  kind: 'refused',
  refusal: { kind: 'fault', detail: `${displayName(file, cwd)} cannot be written: ${reason}` },
})
