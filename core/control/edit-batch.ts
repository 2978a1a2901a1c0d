/**
 * Several changes of one pool -> one new text of the file that holds it. Whatever may fail is done first: the text is
 * checked as a whole, written and flushed beside the file, and tried out; then it takes the file's place and is in force.
 */
import type { Clock } from '../clock.ts'
import { type Edited, editText } from '../config/edit/pool-edit.ts'
import { type Replaced, stageText } from '../config/edit/write.ts'
import { formatProblem, type Problem } from '../config/problems.ts'
import { displayName } from '../config/read/reading.ts'
import type { ConfigFiles, PoolEdit } from './contract.ts'
import type { EdgeControl } from './edge-control.ts'
import { type EditBase, etagOf, findBase, type Refusal, soundPool } from './edit-base.ts'
import { type Accepted, explainIn, type Publisher } from './publish.ts'
import type { FilesRead, ReadFiles } from './read-files.ts'
import { strangeStrategies } from './strange-strategies.ts'

export interface EditContext {
  readonly edge: EdgeControl
  readonly files: ConfigFiles
  readonly read: ReadFiles
  readonly publisher: Publisher
  readonly clock: Pick<Clock, 'soon'>
}

export interface Made {
  readonly kind: 'made'
  /** One per edit, in order: undefined when it was made. */
  readonly outcomes: readonly (Refusal | undefined)[]
  readonly published: Accepted
  /** The files as they are now. */
  readonly read: FilesRead
  readonly etag: string
  /** Absolute. */
  readonly file: string
}

type Refused = { readonly kind: 'refused'; readonly refusal: Refusal }

export type BatchResult =
  | Made
  | Refused
  /** Somebody saved the file meanwhile: begin again with what it holds now. */
  | { readonly kind: 'overtaken' }

/** All `edits` are of one pool, and all or none of its strategy. Unless something was made, nothing has changed. */
export async function editBatch(context: EditContext, edits: readonly [PoolEdit, ...PoolEdit[]]): Promise<BatchResult> {
  const [{ pool: name }] = edits
  const maker = context.edge.config.pools.find((pool) => pool.name === name)?.provider
  if (maker !== undefined) return { kind: 'refused', refusal: madeElsewhere(name, maker) }
  const base = findBase(context.files, context.read(), edits[0])
  if (base.kind === 'refused') return base
  const { text, outcomes } = await makeEdits(base, edits, context)
  const read = context.read(new Map([[base.home.file, text]]))
  const pool = soundPool(read.loaded, name)
  const isWhole = read.loaded.kind === 'config' || read.loaded.rest !== undefined
  if (pool === undefined || !isWhole) return invalid(problemsOf(read), base, context.files)
  const isStrategy = edits[0].kind === 'strategy'
  const strange = isStrategy ? strangeStrategies([pool], context.edge.config, context.files) : []
  if (strange.length > 0) return invalid(explainIn(context.files, read)(strange), base, context.files)
  const carried = await carryOut(context, { base, text, read, unmovedIn: isStrategy ? 'kept' : 'isolated', name })
  if (carried.kind !== 'accepted') return carried
  const { published } = carried
  return { kind: 'made', outcomes, published, read, etag: etagOf(pool), file: base.home.file }
}

/** What is to be in the file and in force. */
interface Meant {
  readonly base: Base
  readonly text: string
  readonly read: FilesRead
  /** The pool. */
  readonly name: string
  /** Where it must not stand when all is tried out. */
  readonly unmovedIn: 'kept' | 'isolated'
}

async function carryOut(
  { files, publisher }: EditContext,
  { base, text, read, name, unmovedIn }: Meant,
): Promise<{ readonly kind: 'accepted'; readonly published: Accepted } | Exclude<BatchResult, Made>> {
  const staged = text === base.text ? undefined : await stageText(base.home.file, text)
  if (staged?.kind === 'fault') return unwritten(base.home.file, staged.reason, files)
  const ready = await publisher.prepare(read)
  if (ready.kind === 'refused' || ready[unmovedIn].includes(name)) {
    staged?.discard()
    if (ready.kind === 'ready') ready.abandon()
    return invalid(ready.problems, base, files)
  }
  const replaced: Replaced = staged?.replace(base.text) ?? { kind: 'replaced' }
  if (replaced.kind !== 'replaced') {
    ready.abandon()
    return replaced.kind === 'changed' ? { kind: 'overtaken' } : unwritten(base.home.file, replaced.reason, files)
  }
  const published = ready.commit()
  await staged?.flush()
  return { kind: 'accepted', published }
}

/** The files as they are, fit to be edited. */
export type Base = EditBase & { kind: 'base' }

export async function makeEdits(
  base: Base,
  edits: readonly PoolEdit[],
  { files, clock }: Pick<EditContext, 'files' | 'clock'>,
) {
  let { text } = base
  const outcomes: (Refusal | undefined)[] = []
  for (const edit of edits) {
    // Each parses the whole text, some milliseconds for thousands of members: traffic goes on in between.
    if (outcomes.length > 0) await new Promise<void>((resolve) => clock.soon(resolve))
    const edited = editText(text, base.home, edit, files.env)
    if (edited.kind === 'text') text = edited.text
    outcomes.push(edited.kind === 'text' ? undefined : notMade(edited, edit))
  }
  return { text, outcomes }
}

const madeElsewhere = (pool: string, maker: string): Refusal => ({
  kind: 'conflict',
  detail: `The pool ${pool} stands in no file: ${maker} makes it, and is where it is changed.`,
  problems: [],
})

function notMade(edited: Exclude<Edited, { kind: 'text' }>, edit: PoolEdit): Refusal {
  if (edited.kind === 'duplicate') return { kind: 'duplicate', detail: `${edited.id} is already in ${edit.pool}.` }
  const backend = 'backend' in edit ? edit.backend : ''
  return { kind: 'unknown', detail: `The pool ${edit.pool} has no backend ${backend}.` }
}

export const problemsOf = ({ loaded }: FilesRead): readonly Problem[] =>
  loaded.kind === 'problems' ? loaded.problems : []

/** Those that were there before are not this edit's. */
export function invalid(problems: readonly Problem[], base: Base, { cwd }: ConfigFiles): Refused {
  const old = new Set(base.problems.map(formatProblem))
  const own = problems.filter((problem) => !old.has(formatProblem(problem)))
  return { kind: 'refused', refusal: { kind: 'invalid', file: displayName(base.home.file, cwd), problems: own } }
}

const unwritten = (file: string, reason: string, { cwd }: ConfigFiles): Refused => ({
  kind: 'refused',
  refusal: { kind: 'fault', detail: `${displayName(file, cwd)} cannot be written: ${reason}` },
})
