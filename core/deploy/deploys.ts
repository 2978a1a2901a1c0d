/** The deploys of an edge: one a pool at a time, what the last one came to, and what it replaced, over restarts too. */
import type { Clock } from '../clock.ts'
import { memberId, memberText } from '../config/edit/pool-edit.ts'
import type { Controller } from '../control/contract.ts'
import { type DeployCounters, deployLedger } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import type { Aborted, AdminDeploys, Begun, DeployOrder, DeployPool, DeployView } from './contract.ts'
import { Deploy, type DeployTask } from './deploy.ts'
import { isOver, type Phase } from './machine.ts'
import { type PoolRecord, readRecords, type RecordStore, renderRecords, type Replaced } from './record.ts'

export interface DeploysOptions {
  readonly clock: Clock
  readonly emit: Emit
  readonly controller: Pick<Controller, 'draft' | 'edit'>
  readonly pool: (name: string) => DeployPool | undefined
  /** How long members that leave may finish; ms. */
  readonly drainMs: () => number
  readonly store: RecordStore
}

/** To be written and to go, together: beyond it their file would take longer than traffic can wait. */
const MOST_MEMBERS = 1000
/** Of a pool, told by this process. */
const MOST_TOLD = 10

const isEnd = (phase: Phase): phase is keyof DeployCounters & Phase => isOver(phase)

const refused = (detail: string) => ({ kind: 'refused', detail }) as const

/** The first that is named again, of members among which there is one. */
function repeatedOf(members: readonly Replaced[]): string | undefined {
  const seen = new Set<string>()
  return members.find(({ id }) => seen.size === seen.add(id).size)?.id
}

type Planned = { readonly kind: 'task'; readonly task: DeployTask } | Exclude<Begun, { kind: 'begun' }>

export class Deploys implements AdminDeploys {
  private readonly options: DeploysOptions
  private readonly records: Map<string, PoolRecord>
  private readonly running = new Map<string, Deploy>()
  /** Newest first. */
  private readonly past = new Map<string, readonly DeployView[]>()
  private readonly ended = new Map<string, DeployCounters>()
  /** Pools whose deploy is being worked out. */
  private readonly planning = new Set<string>()
  private isStopped = false
  private lastId: number

  /** Of one that the end of a process has broken off, it is found out how far it had come. */
  constructor(options: DeploysOptions) {
    this.options = options
    const found = readRecords(options.store.read())
    this.records = new Map([...found].map(([pool, record]) => [pool, this.settled(pool, record)]))
    for (const [pool, { last }] of this.records) this.past.set(pool, [last])
    this.lastId = Math.max(0, ...[...this.records.values()].map(({ last }) => last.id))
    if ([...found.values()].some(({ last, pending }) => pending !== undefined || !isOver(last.phase))) this.keep()
  }

  list(pool: string): readonly DeployView[] {
    const running = this.running.get(pool)?.view()
    return [...(running ? [running] : []), ...(this.past.get(pool) ?? [])]
  }

  counters(pool: string): Readonly<DeployCounters> {
    return this.countersOf(pool)
  }

  replaced(pool: string): readonly string[] | undefined {
    return this.records.get(pool)?.before?.map(({ id }) => id)
  }

  async begin(pool: string, order: DeployOrder, origin: string): Promise<Begun> {
    if (this.running.has(pool) || this.planning.has(pool))
      return refused(`A deploy of the pool ${pool} is under way: wait for it, or abort it.`)
    this.planning.add(pool)
    try {
      const planned = await this.plan(pool, order, origin)
      if (planned.kind !== 'task') return planned
      if (this.isStopped) return refused('The process is ending: nothing is begun any more.')
      const deploy = this.create(planned.task)
      this.running.set(pool, deploy)
      deploy.begin()
      return { kind: 'begun', deploy: deploy.view() }
    } finally {
      this.planning.delete(pool)
    }
  }

  abort(pool: string, origin: string): Aborted {
    const deploy = this.running.get(pool)
    if (deploy === undefined) return refused(`No deploy of the pool ${pool} is under way.`)
    if (!deploy.abort(`aborted by ${origin}: the old members serve as before`))
      return refused('It is too late: the new members serve. A rollback brings the old ones back.')
    return { kind: 'aborted', deploy: deploy.view() }
  }

  /** The process ends: what has not switched by now is given up. */
  stop(): void {
    this.isStopped = true
    for (const deploy of this.running.values()) {
      // What has switched the next process finds in the file, and may write down what comes of it.
      if (!deploy.abort('the edge ended: the old members serve as before')) deploy.rest()
    }
  }

  private async plan(name: string, { members, timeoutMs, canary }: DeployOrder, origin: string): Promise<Planned> {
    const pool = this.options.pool(name)
    if (pool === undefined) return { kind: 'unknown', detail: `There is no pool ${name}.` }
    const fault = faultOf(name, pool)
    if (fault !== undefined) return refused(fault)
    const isRollback = members === 'replaced'
    const target = isRollback ? this.records.get(name)?.before : members.map(asReplaced)
    if (target === undefined || target.length === 0)
      return refused(`The pool ${name} has nothing to go back to: no deploy has replaced members of it.`)
    const ids = new Set(target.map(({ id }) => id))
    if (ids.size < target.length) return refused(`${repeatedOf(target)} is named twice: name each member once.`)
    const drafted = await this.options.controller.draft({
      kind: 'replace',
      pool: name,
      put: target.map(({ text }) => text),
      gone: [],
    })
    if (drafted.kind !== 'draft') return drafted
    const before = [...drafted.members].map(([id, text]) => ({ id, text }))
    const gone = before.map(({ id }) => id).filter((id) => !ids.has(id))
    if (ids.size + gone.length > MOST_MEMBERS)
      return refused(`That would be about ${ids.size + gone.length} members at once; ${MOST_MEMBERS} are the most.`)
    const fresh = drafted.pool.members.filter(({ id }) => ids.has(id) && !drafted.members.has(id))
    const idle = drafted.pool.members.find(({ id, isDraining }) => ids.has(id) && isDraining)
    if (idle !== undefined) return refused(`${idle.id} is told to drain: it would serve nobody. Resume it first.`)
    if (fresh.length + gone.length === 0) return refused(`These are the members of the pool ${name} already.`)
    if (canary !== undefined && fresh.length === 0)
      return refused('None of them is new, so that there is nobody to try out.')
    this.lastId += 1
    const task = { id: this.lastId, pool: name, origin, isRollback, target, fresh, gone, before, timeoutMs, canary }
    return { kind: 'task', task }
  }

  private create(task: DeployTask): Deploy {
    const { clock, controller, drainMs } = this.options
    return new Deploy(task, {
      clock,
      drainMs,
      pool: () => this.options.pool(task.pool),
      edit: (edit) => controller.edit(edit, `deploy ${task.id} of ${task.origin}`),
      onPhase: (deploy) => this.note(deploy),
    })
  }

  private note(deploy: Deploy): void {
    const { pool, before } = deploy.task
    const last = deploy.view()
    const { id, phase, detail } = last
    const known = this.records.get(pool)?.before
    const hasSwitched = phase === 'draining' || phase === 'done'
    this.records.set(pool, {
      last,
      before: hasSwitched ? before : known,
      pending: phase === 'switching' ? before : undefined,
    })
    this.keep()
    this.options.emit({ kind: 'deploy', pool, id, phase, detail })
    if (!deploy.isOver) return
    this.running.delete(pool)
    this.past.set(pool, [last, ...(this.past.get(pool) ?? [])].slice(0, MOST_TOLD))
    if (isEnd(phase)) this.countersOf(pool)[phase] += 1
  }

  private countersOf(pool: string): DeployCounters {
    const counters = this.ended.get(pool) ?? deployLedger.create()
    this.ended.set(pool, counters)
    return counters
  }

  private keep(): void {
    this.options.store.write(renderRecords(this.records))
  }

  /** What has become of one that a process has left behind. The file says whether it had switched. */
  private settled(pool: string, { last, before, pending }: PoolRecord): PoolRecord {
    if (isOver(last.phase)) return { last, before, pending: undefined }
    const members = new Set(this.options.pool(pool)?.config.members.map(({ id }) => id))
    const hasSwitched =
      [...last.added, ...last.kept].every((id) => members.has(id)) && !last.removed.some((id) => members.has(id))
    const over = { ...last, over: true, members: [] }
    if (!hasSwitched)
      return {
        last: {
          ...over,
          phase: 'aborted',
          detail: 'the edge was started anew meanwhile: the old members serve as before',
        },
        before,
        pending: undefined,
      }
    return {
      last: { ...over, phase: 'done', detail: 'the new members serve; the edge was started anew meanwhile' },
      before: pending ?? before,
      pending: undefined,
    }
  }
}

function faultOf(name: string, { config }: DeployPool): string | undefined {
  if (config.health === undefined)
    return `The pool ${name} has no health checks, so that nobody could say whether the new members are well: set pools.${name}.health.`
  if (config.discovery !== undefined && config.discovery.length > 0)
    return `Members of the pool ${name} are found by its discovery: deploy where they are listed.`
  return undefined
}

/** Without an id it is none, as the draft will say. */
const asReplaced = (member: unknown): Replaced => ({ id: memberId(member) ?? '', text: memberText(member) })
