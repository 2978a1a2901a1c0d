/** What providers have told -> the edge: the config that is in force, with other routes and pools of theirs. */
import { fileProblem } from '../config/problems.ts'
import { apply, type EdgeControl } from './edge-control.ts'
import type { Records } from './records.ts'

/** Never rejects. Tells nothing where nothing has changed; what a preview has put in force before is told here all the same. */
export async function takeProvided(edge: EdgeControl, records: Records, origin: string): Promise<void> {
  const applied = await apply(edge, edge.config)
  if (applied.kind === 'refused') {
    const problems = applied.problems.map(({ key, message }) => ({ ...fileProblem(origin, message), key }))
    records.conclude({ kind: 'refused', problems, omitted: 0 }, origin, 'seen')
    return
  }
  if (Bun.deepEquals(edge.config, records.history.config)) return
  const nothing = { isolated: [], kept: [], news: [], problems: [], omitted: 0 }
  const published = { kind: 'applied', config: edge.config, ...nothing } as const
  records.advance(published, origin)
  records.conclude(published, origin, 'seen')
}
