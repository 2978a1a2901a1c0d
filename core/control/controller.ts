/** The control side of a running edge: every way to another configuration goes through here, one after the other. */
import type { Clock } from '../clock.ts'
import { fileProblem, type Problem } from '../config/problems.ts'
import { displayName } from '../config/read/reading.ts'
import type { Emit } from '../observe/events.ts'
import type { ApplyProblem } from '../part.ts'
import { describeEdit, describeResult } from './audit.ts'
import type { ConfigFiles, Controller, Plan, ReloadResult } from './contract.ts'
import { editBatch } from './edit-batch.ts'
import { etagOf } from './edit-base.ts'
import { apply, type EdgeControl } from './edge-control.ts'
import { createEdits } from './edits.ts'
import { planChanges } from './plan.ts'
import { candidateOf, locate, publish } from './publish.ts'
import { createQueue } from './queue.ts'
import { createReader, type FilesRead } from './read-files.ts'
import { createRecords } from './records.ts'
import { asOnDisk } from './variables.ts'
import { watchSaves } from './saves.ts'
import { strangeStrategies } from './strange-strategies.ts'
import { summarize } from './summary.ts'

export interface ControllerOptions {
  readonly edge: EdgeControl
  readonly files: ConfigFiles
  readonly emit: Emit
  readonly clock: Clock
}

/** Watches the files from now on, if they are to be watched. */
export function createController({ edge, files, emit, clock }: ControllerOptions): Controller {
  const queue = createQueue()
  const records = createRecords(edge.config, clock, emit)
  const read = createReader(files, () => edge.files(), clock)
  const publishRead = async (read: FilesRead) => {
    const before = edge.config
    return { before, published: await publish(edge, files, read) }
  }
  const saves = files.isWatched
    ? watchSaves({
        clock,
        queue,
        records,
        read,
        publish: publishRead,
        besides: () => edge.files(),
        onFault: (detail) => emit({ kind: 'fault', detail }),
      })
    : undefined

  async function reload(origin: string): Promise<ReloadResult> {
    const found = read()
    const { before, published } = await publishRead(found)
    records.advance(published, before, origin)
    saves?.note(found)
    return records.conclude(published, origin, true)
  }

  const atWhole = (rule: string): Problem => fileProblem(displayName(files.place.path, files.cwd), rule)
  const explain = ({ key, message }: ApplyProblem): Problem => ({ ...atWhole(message), key })

  async function rollback(origin: string): Promise<ReloadResult> {
    const { history } = records
    const refuse = (problems: readonly Problem[]): ReloadResult => ({ kind: 'refused', problems, omitted: 0 })
    if (history.previous === undefined) return refuse([atWhole('has no earlier generation to go back to')])
    const { generation, config } = history.previous
    const applied = await apply(edge, config)
    if (applied.kind === 'refused') return refuse(applied.problems.map(explain))
    const summary = `back to generation ${generation.number}; the files stay as they are, and count at the next reload`
    const current = history.back(origin, summary)
    emit({ kind: 'reloaded', generation: current.number, origin, summary })
    return { kind: 'applied', generation: current, kept: [], problems: (applied.kept ?? []).map(explain), omitted: 0 }
  }

  async function plan(text?: string): Promise<Plan> {
    const found = text === undefined ? read() : read(new Map([[files.place.path, text]]), asOnDisk(read()))
    const candidate = candidateOf(found, edge.config)
    if (candidate.kind === 'refused') return candidate
    const { config, kept, problems, omitted } = candidate
    const strange = text === undefined ? [] : strangeStrategies(config.pools, edge.config, files)
    if (strange.length > 0)
      return { kind: 'refused', problems: strange.map((problem) => locate(problem, files, found)), omitted: 0 }
    const changes = planChanges(edge.config, config, edge.load())
    return { kind: 'plan', changes, summary: summarize(changes, 'nothing would change'), kept, problems, omitted }
  }

  const edit = createEdits({
    queue,
    make: (edits) => editBatch({ edge, files, read }, edits),
    onMade(made, tickets) {
      const origin = [...new Set(tickets.map((ticket) => ticket.origin))].join(', ')
      const generation = records.advance(made.published, made.before, origin)
      saves?.note(made.read)
      return { kind: 'done', etag: made.etag, file: displayName(made.file, files.cwd), generation }
    },
    onSettled: ({ edit, origin }, result) =>
      emit({ kind: 'audit', what: describeEdit(edit), from: origin, outcome: describeResult(result) }),
  })

  return {
    reload: (origin) => queue(() => reload(origin)),
    rollback: (origin) => queue(() => rollback(origin)),
    plan: (text) => queue(() => plan(text)),
    edit: (change, origin) => edit({ edit: change, origin }),
    recheck(pool, backend) {
      const members = edge.config.pools.find(({ name }) => name === pool)?.members
      if (!members?.some(({ id }) => id === backend)) return 'unknown'
      return edge.recheck(pool, backend) ? 'started' : 'no-checks'
    },
    etag(name) {
      const pool = edge.config.pools.find((pool) => pool.name === name)
      return pool && etagOf(pool)
    },
    state: () => records.state(),
    stop: () => saves?.stop(),
  }
}
