/**
 * Drives the connections of one load process by a plan and adds up what comes of it. Time is a `Clock`; between events it
 * polls instead of sleeping when the next send is near, since timers are only good to a millisecond.
 */
import type { Clock } from '../../core/clock.ts'
import { drawIndex, type Random } from '../../core/random.ts'
import { profiles, renderRequest } from '../profile.ts'
import { Connection } from './connection.ts'
import type { LoadPlan, LoadReport } from './plan.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { createTally, type Tally } from './tally.ts'

/** What the generator touches of the world. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  /** Runs the task after the events that wait now: `setImmediate`. */
  readonly turn: (task: () => void) => void
  /** CPU time of this process so far, in ms. */
  readonly cpuMs: () => number
}

/** How long answers may be awaited after the last send: on a busy machine a process may wait for its turn for a second or two. */
const stragglerMs = 5000
/** Timers may come this late, so polling begins that long before a send is due. */
const pollMs = 2
/** Connections opened at once beforehand: a listener's backlog may be as short as 128. */
const openAtOnce = 64

/** One run under way. */
interface Run {
  readonly plan: LoadPlan
  readonly surroundings: Surroundings
  readonly requests: readonly Buffer[]
  readonly schedule: Schedule
  readonly tally: Tally
  readonly connections: readonly Connection[]
  /** Idle connections, the longest idle first. */
  readonly free: Connection[]
  readonly finish: () => void
  finished: boolean
  /** Sends and answers so far: tells whether anything happened between two polls. */
  steps: number
  idleMs: number
}

/** Throws on an unknown profile; everything that goes wrong on the way is counted in the report. */
export async function generateLoad(plan: LoadPlan, surroundings: Surroundings): Promise<LoadReport> {
  const { clock, cpuMs } = surroundings
  const requests = renderRequests(plan)
  const done = Promise.withResolvers<void>()
  const connections = Array.from(
    { length: plan.connections },
    () => new Connection(plan, (connection, cause) => settle(run, connection, cause)),
  )
  if (!plan.reconnect) await openAll(connections)

  const startMs = clock.now()
  const startCpuMs = cpuMs()
  const run: Run = {
    plan,
    surroundings,
    requests,
    schedule: createSchedule(plan, startMs),
    tally: createTally(clock),
    connections,
    free: [...connections],
    finish: done.resolve,
    finished: false,
    steps: 0,
    idleMs: 0,
  }
  clock.after(plan.durationMs + stragglerMs, done.resolve)
  sendDue(run)
  if (plan.pace.kind === 'open') poll(run, startMs)
  await done.promise

  run.finished = true
  const elapsedMs = clock.now() - startMs
  const idleMs = plan.pace.kind === 'open' ? run.idleMs : elapsedMs - (cpuMs() - startCpuMs)
  giveUp(run)
  const resumed = connections.reduce((sum, connection) => sum + connection.resumed, 0)
  return run.tally.report(startMs, Math.max(0, 1 - idleMs / elapsedMs), resumed)
}

/** One buffer for each target; they differ in the query only. */
function renderRequests(plan: LoadPlan): readonly Buffer[] {
  const profile = profiles[plan.profile]
  if (profile === undefined)
    throw new Error(`profile must be of ${Object.keys(profiles).join(', ')}, got ${plan.profile}`)
  const host = `${plan.host}:${plan.port}`
  return Array.from({ length: Math.max(1, plan.targets) }, (_, index) =>
    renderRequest(profile, host, { close: plan.reconnect, path: plan.path, id: index }),
  )
}

async function openAll(connections: readonly Connection[]): Promise<void> {
  for (let from = 0; from < connections.length; from += openAtOnce)
    await Promise.all(connections.slice(from, from + openAtOnce).map((connection) => connection.connect()))
}

/** Gives free connections what is due. */
function sendDue(run: Run): void {
  const { clock, random } = run.surroundings
  for (let connection = run.free[0]; connection !== undefined && !run.finished; connection = run.free[0]) {
    const nowMs = clock.now()
    const intendedMs = run.schedule.take(nowMs)
    if (intendedMs === undefined) break
    run.free.shift()
    run.steps += 1
    run.tally.lag(nowMs - Math.max(intendedMs, connection.freeSinceMs))
    const index = run.requests.length === 1 ? 0 : drawIndex(random, run.requests.length)
    connection.send(run.requests[index] ?? Buffer.alloc(0), intendedMs)
  }
  const isIdle = run.free.length === run.connections.length
  if (isIdle && run.schedule.nextMs(clock.now()) === undefined) run.finish()
}

function settle(run: Run, connection: Connection, cause: Parameters<Tally['add']>[1]): void {
  const { clock } = run.surroundings
  run.steps += 1
  run.tally.add(connection.intendedMs ?? clock.now(), cause)
  connection.intendedMs = undefined
  // A refused connection would be refused again at once, thousands of times a second.
  if (cause === 'connect') clock.after(pollMs, () => release(run, connection))
  else release(run, connection)
}

function release(run: Run, connection: Connection): void {
  connection.freeSinceMs = run.surroundings.clock.now()
  run.free.push(connection)
  sendDue(run)
}

/** Time between two polls in which nothing happened counts as idle. */
function poll(run: Run, lastMs: number, lastSteps = run.steps): void {
  const { clock, turn } = run.surroundings
  if (run.finished) return
  const nowMs = clock.now()
  if (run.steps === lastSteps) run.idleMs += nowMs - lastMs
  const steps = run.steps
  sendDue(run)
  const nextMs = run.schedule.nextMs(nowMs)
  const again = (): void => poll(run, nowMs, steps)
  if (nextMs === undefined || nextMs - nowMs > pollMs) clock.after(pollMs / 2, again)
  else turn(again)
}

/** Whatever is unanswered, or was due and found no free connection, has waited until now. */
function giveUp(run: Run): void {
  for (const connection of run.connections) {
    if (connection.intendedMs !== undefined) run.tally.add(connection.intendedMs, 'unanswered')
    connection.close()
  }
  if (run.plan.pace.kind === 'closed') return
  const nowMs = run.surroundings.clock.now()
  for (let due = run.schedule.take(nowMs); due !== undefined; due = run.schedule.take(nowMs))
    run.tally.add(due, 'unanswered')
}
