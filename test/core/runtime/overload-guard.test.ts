import { describe, expect, test } from 'bun:test'
import { everybody } from '../../../core/admission/admission.ts'
import type { OverloadConfig } from '../../../core/config/config.ts'
import { edgeLedger } from '../../../core/observe/counters.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { OverloadGuard } from '../../../core/runtime/overload-guard.ts'
import { testConfig } from '../../support/edge.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const GIB = 1024 ** 3

/** A guard over a process whose memory and pauses the test makes up. */
async function guarding(overload: OverloadConfig | undefined) {
  const virtual = virtualClock()
  const state = { bytes: GIB, lateMs: 0, memoryLooks: 0 }
  const events: EdgeEvent[] = []
  const guard = new OverloadGuard({
    clock: {
      ...virtual,
      // As late as the event loop comes round, so much later it is when a timer runs.
      after: (ms, task) =>
        virtual.after(ms, () => {
          virtual.advance(state.lateMs)
          task()
        }),
    },
    random: () => 0,
    emit: (event) => void events.push(event),
    counters: edgeLedger.create(),
    residentBytes: () => {
      state.memoryLooks += 1
      return state.bytes
    },
    allowedBytes: () => 4 * GIB,
  })
  const apply = async (next: OverloadConfig | undefined) =>
    (await guard.prepare(testConfig({ overload: next }))).commit()
  await apply(overload)
  const pass = (seconds: number): void => virtual.advance(seconds * 1000)
  return { apply, clock: virtual, events, guard, pass, state }
}

const lag = (lagMs: number): OverloadConfig => ({ lagMs, memory: undefined })
const memory = (bound: NonNullable<OverloadConfig['memory']>): OverloadConfig => ({ lagMs: undefined, memory: bound })
const verdictOf = (guard: OverloadGuard) => guard.admission(5).admit({} as never, {} as never, 0).kind

describe('an overload guard', () => {
  test('without bounds asks nobody, and looks once a second at how late the event loop is', async () => {
    const { clock, guard, pass, state } = await guarding(undefined)
    expect(guard.loop).toEqual({ lagMs: 0, lags: undefined })
    pass(10)
    expect([guard.admission(5), guard.view, state.memoryLooks]).toEqual([everybody, undefined, 0])
    state.lateMs = 40
    pass(1)
    expect([guard.loop.lagMs, guard.loop.lags?.sumMs]).toEqual([40, 40])
    expect(guard.loop.lags?.counts.reduce((sum, count) => sum + count, 0)).toBe(11)
    guard.stop()
    expect(clock.pending()).toBe(0)
  })

  test.each([
    ['a size', memory({ kind: 'bytes', bytes: 2 * GIB })],
    ['a share of what is allowed', memory({ kind: 'ratio', ratio: 0.5 })],
  ])('sheds while memory is past %s, and tells of it once each way', async (_, config) => {
    const { events, guard, pass, state } = await guarding(config)
    pass(5)
    expect([verdictOf(guard), events]).toEqual(['admitted', []])
    state.bytes = 3 * GIB
    pass(5)
    expect([verdictOf(guard), guard.view]).toEqual(['refused', { isShedding: true, lagMs: 0 }])
    expect(events).toEqual([{ kind: 'overload', detail: 'the event loop is 0 ms late, 3072 MiB of memory are used' }])
    state.bytes = 1.9 * GIB
    pass(60)
    expect(verdictOf(guard)).toBe('refused')
    state.bytes = GIB
    pass(10)
    expect([verdictOf(guard), events.length, events[1]]).toEqual(['admitted', 2, { kind: 'overload-over' }])
  })

  test('looks at memory once a second', async () => {
    const { pass, state } = await guarding(memory({ kind: 'bytes', bytes: 2 * GIB }))
    pass(10)
    expect(state.memoryLooks).toBe(10)
  })

  test('sheds while the event loop comes round too late, and for no single pause', async () => {
    const { events, guard, pass, state } = await guarding(lag(200))
    state.lateMs = 3000
    pass(0.1)
    state.lateMs = 0
    pass(5)
    expect(events).toEqual([])
    state.lateMs = 300
    pass(5)
    expect(events).toEqual([{ kind: 'overload', detail: 'the event loop is 300 ms late, 1024 MiB of memory are used' }])
    expect([verdictOf(guard), guard.view?.lagMs]).toEqual(['refused', 300])
  })

  test('lets everybody in once its bounds are taken away, and looks at memory no more', async () => {
    const { apply, events, guard, pass, state } = await guarding(memory({ kind: 'bytes', bytes: 2 * GIB }))
    state.bytes = 3 * GIB
    pass(5)
    const former = guard.admission(5)
    await apply(undefined)
    expect(former.admit({} as never, {} as never, 0).kind).toBe('admitted')
    const { memoryLooks } = state
    pass(5)
    expect([events.at(-1)?.kind, state.memoryLooks - memoryLooks, guard.view]).toEqual(['overload-over', 0, undefined])
  })

  test('goes on shedding when only its bounds change, with one timer', async () => {
    const { apply, clock, guard, pass, state } = await guarding(memory({ kind: 'bytes', bytes: 2 * GIB }))
    state.bytes = 3 * GIB
    pass(5)
    await apply(memory({ kind: 'ratio', ratio: 0.7 }))
    expect([verdictOf(guard), clock.pending()]).toEqual(['refused', 1])
    guard.stop()
    expect(clock.pending()).toBe(0)
  })

  test('changes nothing when what it got ready is abandoned', async () => {
    const { clock, guard, pass } = await guarding(undefined)
    const move = await guard.prepare(testConfig({ overload: lag(200) }))
    move.abandon()
    pass(1)
    expect([guard.view, guard.loop.lags?.counts[0], clock.pending()]).toEqual([undefined, 1, 1])
  })
})
