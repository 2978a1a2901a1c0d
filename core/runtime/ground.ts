/** What all parts of an edge stand on, made once: time and chance, what is counted and told, timers, descriptors, names. */
import type { Clock } from '../clock.ts'
import type { Env } from '../config/read/expand.ts'
import { freeDescriptors, readDescriptorLimit } from '../descriptors.ts'
import { stackOf } from '../errors.ts'
import { Crowd } from '../inbound/crowd.ts'
import { createTurns } from '../inbound/turns.ts'
import type { LookUp } from '../names/look-up.ts'
import { createNameTable } from '../names/resolver.ts'
import { DescriptorBudget } from '../net/budget.ts'
import type { Connect } from '../net/connect.ts'
import { Pipes } from '../net/pipes.ts'
import { TimerWheel } from '../net/timer-wheel.ts'
import type { Transport } from '../net/transport.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import { createEventLog } from '../observe/event-log.ts'
import type { Emit } from '../observe/events.ts'
import { startLatencyWindow } from '../observe/histogram.ts'
import { seldom } from '../observe/seldom.ts'
import { homeOf } from '../own-files.ts'
import type { Random } from '../random.ts'
import type { Secret } from '../secrets.ts'
import { ownStickyKey } from '../sticky/own-key.ts'
import type { StrategyGuard } from '../strategy/host.ts'
import { Addresses } from './addresses.ts'
import { createLife } from './life.ts'
import { Published } from './published.ts'

export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly emit: Emit
  readonly guard: StrategyGuard
  readonly lookUp: LookUp
  readonly transport: Transport
  /** undefined: as the transport does. */
  readonly connect: Connect | undefined
  /** Of the process; undefined: nothing is kept in its user's folders. */
  readonly env: Env | undefined
  /** All zero, but for what was counted before. */
  readonly counters: EdgeCounters
}

export type Ground = ReturnType<typeof createGround>

export function createGround({ emit: tell, lookUp, ...given }: Surroundings) {
  const { clock, counters } = given
  const journal = createEventLog(clock, tell)
  const emit = seldom(clock, journal.emit)
  const { window, stop: stopWindow } = startLatencyWindow(clock)
  const reportFault = (error: unknown): void => emit({ kind: 'fault', detail: stackOf(error) })
  const onShortage = (detail: string): void => emit({ kind: 'shortage', detail })
  const descriptorLimit = readDescriptorLimit()
  const budget = new DescriptorBudget({ limit: descriptorLimit, free: freeDescriptors, clock, onShortage })
  return {
    ...given,
    emit,
    log: { ...journal, emit },
    window,
    stopWindow,
    reportFault,
    onShortage,
    descriptorLimit,
    budget,
    pipes: new Pipes(given.transport, budget),
    wheel: new TimerWheel(clock, reportFault),
    quickWheel: new TimerWheel(clock, reportFault, 1),
    turns: createTurns(clock, reportFault),
    crowd: new Crowd(clock),
    names: createNameTable(clock, lookUp),
    life: createLife(clock, () => counters.connectionsOpen === 0),
    addresses: new Addresses(clock, reportFault),
    published: new Published(),
    stickyKey: stickyKeyOf(given.env, emit),
  }
}

/** Read, or made, when it is first asked for. */
function stickyKeyOf(env: Env | undefined, emit: Emit): () => Secret {
  let known: Secret | undefined
  return () => {
    if (known !== undefined) return known
    const { key, unkept } = ownStickyKey(env && homeOf(env))
    if (unkept !== undefined) emit({ kind: 'sticky-key-unkept', reason: unkept })
    return (known = key)
  }
}
