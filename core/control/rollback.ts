/** Back to what was in force before, or what that would change. The files stay as they are. */
import { namesOfKeys } from '../config/isolate.ts'
import { fileProblem, type Problem } from '../config/problems.ts'
import { displayName } from '../config/read/reading.ts'
import type { ApplyProblem } from '../part.ts'
import type { ConfigFiles, Nowhere, Plan, RollbackResult } from './contract.ts'
import { apply, type EdgeControl } from './edge-control.ts'
import { nothingOpen, planChanges } from './plan.ts'
import type { Records } from './records.ts'
import { summarize } from './summary.ts'

/** undefined: it may be gone back. */
const followed = ({ given, place }: ConfigFiles): Nowhere | undefined =>
  given?.from === 'source'
    ? {
        kind: 'nowhere',
        detail: `The configuration comes from ${place.name ?? 'a source'}, which all its nodes follow: go back there, with smartedge config rollback.`,
      }
    : undefined

const nowhere: Nowhere = { kind: 'nowhere', detail: 'There is no earlier generation to go back to.' }

/** Never rejects. */
export async function rollBack(
  { edge, files, records }: { edge: EdgeControl; files: ConfigFiles; records: Records },
  origin: string,
): Promise<RollbackResult> {
  const { previous } = records.history
  const elsewhere = followed(files)
  if (elsewhere !== undefined) return elsewhere
  if (previous === undefined) return nowhere
  // A key says more than a place here: the file may say something else by now.
  const atWhole = ({ key, message }: ApplyProblem): Problem => ({
    ...fileProblem(displayName(files.place.path, files.cwd), message),
    key,
  })
  const changes = planChanges(edge.config, edge.whole(previous.config), nothingOpen)
  const applied = await apply(edge, previous.config)
  if (applied.kind === 'refused') return { kind: 'refused', problems: applied.problems.map(atWhole), omitted: 0 }
  const summary = summarize(changes, 'nothing changed')
  const generation = records.goBack(
    edge.config,
    origin,
    `back to generation ${previous.generation.number}: ${summary}; the files stay as they are`,
    changes,
  )
  const held = applied.kept ?? []
  const keys = held.map(({ key }) => key)
  const kept = namesOfKeys(keys, previous.config)
  return { kind: 'applied', generation, kept, problems: held.map(atWhole), omitted: 0 }
}

/** Strategy files are not looked at. */
export function planRollback(edge: EdgeControl, files: ConfigFiles, { history }: Records): Plan | Nowhere {
  const { previous } = history
  const elsewhere = followed(files)
  if (elsewhere !== undefined) return elsewhere
  if (previous === undefined) return nowhere
  const changes = planChanges(edge.config, edge.whole(previous.config), edge.load())
  return {
    kind: 'plan',
    changes,
    summary: summarize(changes, 'nothing would change'),
    kept: [],
    problems: [],
    omitted: 0,
  }
}
