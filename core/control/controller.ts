/** The control side of a running edge: every way to another configuration goes through here, one after the other. */
import type { Clock } from '../clock.ts'
import { displayName } from '../config/read/reading.ts'
import type { Emit } from '../observe/events.ts'
import { describeEdit, describeResult } from './audit.ts'
import type { ConfigFiles, Controller, Plan, ReloadResult } from './contract.ts'
import { draftEdit } from './draft-edit.ts'
import { editBatch } from './edit-batch.ts'
import { etagOf } from './edit-base.ts'
import { apply, type EdgeControl } from './edge-control.ts'
import { createEdits } from './edits.ts'
import { planChanges } from './plan.ts'
import { candidateOf, createPublisher, explainIn } from './publish.ts'
import { createQueue, joinWaiting } from './queue.ts'
import { createReader, type FilesRead } from './read-files.ts'
import { createRecords, type Trigger } from './records.ts'
import { takeProvided } from './provided.ts'
import { planRollback, rollBack } from './rollback.ts'
import { watchSaves } from './saves.ts'
import { strangeStrategies } from './strange-strategies.ts'
import { summarize } from './summary.ts'
import { asOnDisk } from './variables.ts'

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
  const besides = (): readonly string[] => edge.files()
  const read = createReader(files, besides, clock)
  const publisher = createPublisher(edge, files)
  const onFault = (detail: string): void => emit({ kind: 'fault', detail })
  const warnOf = ({ loaded }: FilesRead): void => {
    if (loaded.kind === 'config') records.warn(loaded.warnings)
  }
  records.warn(files.warnings ?? [])
  const saves = files.isWatched
    ? watchSaves({ clock, queue, records, read, publisher, besides, warnOf, onFault })
    : undefined

  /** A text of the source that was refused: who asks for a reload asks for that, too. */
  let refused: string | undefined

  async function reload(origin: string): Promise<ReloadResult> {
    const taken = refused === undefined ? undefined : await take(refused, origin, 'asked')
    if (taken !== undefined && taken.kind !== 'refused') return taken
    const found = read()
    const published = await publisher.publish(found)
    records.advance(published, origin)
    saves?.note(found)
    warnOf(found)
    return taken ?? records.conclude(published, origin, 'asked')
  }

  async function take(text: string, origin: string, trigger: Trigger): Promise<ReloadResult> {
    const found = read(new Map([[files.place.path, text]]))
    const published = await publisher.publishWhole(found)
    records.advance(published, origin)
    refused = published.kind === 'refused' ? text : undefined
    if (published.kind !== 'refused') {
      if (files.given !== undefined) files.given.text = text
      saves?.note(found)
      warnOf(found)
    }
    return records.conclude(published, origin, trigger)
  }

  async function plan(text?: string): Promise<Plan> {
    const found = text === undefined ? read() : read(new Map([[files.place.path, text]]), asOnDisk(read()))
    const candidate = candidateOf(found, edge)
    if (candidate.kind === 'refused') return candidate
    const { config, kept, problems, omitted } = candidate
    const strange = text === undefined ? [] : strangeStrategies(config.pools, edge.config, files)
    if (strange.length > 0) return { kind: 'refused', problems: explainIn(files, found)(strange), omitted: 0 }
    const changes = planChanges(edge.config, config, edge.load())
    return { kind: 'plan', changes, summary: summarize(changes, 'nothing would change'), kept, problems, omitted }
  }

  const edit = createEdits({
    queue,
    make: (edits) => editBatch({ edge, files, read, publisher, clock }, edits),
    onMade(made, tickets) {
      const generation = records.advance(made.published, together(tickets.map((ticket) => ticket.origin)))
      saves?.note(made.read)
      return { kind: 'done', etag: made.etag, file: displayName(made.file, files.cwd), generation }
    },
    onSettled: ({ edit, origin }, result) =>
      emit({ kind: 'audit', what: describeEdit(edit), from: origin, outcome: describeResult(result) }),
  })

  return {
    reload: joinWaiting(queue, (origins: readonly string[]) => reload(together(origins))),
    refresh: joinWaiting(queue, (origins: readonly string[]) => takeProvided(edge, records, together(origins))),
    take: (text, origin) => queue(() => take(text, origin, 'offered')),
    rollback: (origin) => queue(() => rollBack({ edge, files, records }, origin)),
    planRollback: () => queue(async () => planRollback(edge, files, records)),
    plan: (text) => queue(() => plan(text)),
    edit: (change, origin) => edit({ edit: change, origin }),
    reapply: () =>
      queue(async () => {
        const applied = await apply(edge, edge.config)
        return applied.kind === 'refused' ? applied.problems : []
      }),
    draft: (change) => queue(() => draftEdit({ files, read, clock }, change)),
    recheck: (pool, backend) => edge.recheck(pool, backend),
    etag(name) {
      const pool = edge.config.pools.find((pool) => pool.name === name)
      return pool && etagOf(pool)
    },
    state: () => records.state(),
    ...records.journal,
    stop: () => saves?.stop(),
  }
}

/** Those who asked for one and the same; more than a few would not be read. */
function together(origins: readonly string[]): string {
  const all = [...new Set(origins)]
  return all.length <= 3 ? all.join(', ') : `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`
}
