import { describe, expect, test } from 'bun:test'
import { type Ending, type Served, supervise } from '../../../cli/process/supervisor.ts'
import type { Keeper, ServiceNews } from '../../../cli/process/news.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { fakeIo } from '../../support/service-io.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const exited = (code: number): Ending => ({ kind: 'exited', code })
const killed = (signal: string): Ending => ({ kind: 'killed', signal })

/** A supervisor whose processes are scripted: `end` ends the newest one. */
function supervising(keeper: Keeper = {}) {
  const clock = virtualClock()
  const io = fakeIo({ tell: (news) => void told.push(news), ...keeper })
  const events: EdgeEvent[] = []
  const told: ServiceNews[] = []
  const started: {
    readonly hear: (news: ServiceNews) => void
    readonly end: (ending: Ending) => void
    readonly signals: string[]
  }[] = []
  let refusal: Error | undefined
  const start = (hear: (news: ServiceNews) => void): Served => {
    if (refusal !== undefined) throw refusal
    const ended = Promise.withResolvers<Ending>()
    const signals: string[] = []
    started.push({ hear, end: ended.resolve, signals })
    return { ended: ended.promise, signal: (signal) => void signals.push(signal) }
  }
  const result = supervise({ start, io, clock, emit: (event) => events.push(event) })
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  }
  /** Ends the newest process, `livedMs` after now. */
  const end = async (ending: Ending, livedMs = 0): Promise<void> => {
    clock.advance(livedMs)
    started.at(-1)?.end(ending)
    await settle()
  }
  const serve = async (): Promise<void> => {
    started.at(-1)?.hear({ kind: 'ready', detail: 'serving' })
    await settle()
  }
  /** From now on nothing can be started; undefined: everything can. */
  const refuse = (error: Error | undefined): void => void (refusal = error)
  return { io, clock, events, told, started, result, end, serve, settle, refuse }
}

describe('a supervisor', () => {
  test('passes on what the process tells, and that it lives itself whether there is one or not', async () => {
    const { told, started, end, serve } = supervising({ aliveEveryMs: 500 })
    await serve()
    started.at(-1)?.hear({ kind: 'reloading' })
    await end(killed('SIGKILL'), 1000)
    const alive = { kind: 'alive' } as const
    expect(told).toEqual([alive, { kind: 'ready', detail: 'serving' }, { kind: 'reloading' }, alive, alive])
  })

  test('starts again at once what was killed, and says how it ended', async () => {
    const { started, end, serve, events } = supervising()
    await serve()
    await end(killed('SIGKILL'), 60_000)
    expect(started).toHaveLength(2)
    expect(events).toEqual([{ kind: 'restarting', ending: 'was ended by SIGKILL', waitMs: 0 }])
  })

  test.each([1, 70, 130, 143])('starts again what ended with %d once it has served', async (code) => {
    const { started, end, serve, events } = supervising()
    await serve()
    await end(exited(code), 60_000)
    expect(started).toHaveLength(2)
    expect(events).toMatchObject([{ ending: `ended with ${code}` }])
  })

  test.each([0, 2, 78])('ends with what ended with %d, before and after it has served', async (code) => {
    const early = supervising()
    await early.end(exited(code))
    expect(await early.result).toBe(code)
    const late = supervising()
    await late.serve()
    await late.end(killed('SIGSEGV'), 20_000)
    await late.end(exited(code))
    expect(await late.result).toBe(code)
    expect(late.io.watchers()).toBe(0)
  })

  test('ends with a start that fails', async () => {
    const { started, end, result } = supervising()
    await end(exited(1))
    expect(await result).toBe(1)
    expect(started).toHaveLength(1)
  })

  test('tries again a start that fails behind a process that served', async () => {
    const { started, end, serve } = supervising()
    await serve()
    await end(killed('SIGKILL'), 20_000)
    await end(exited(1))
    expect(started).toHaveLength(3)
  })

  test('tries again what cannot even be started behind a process that served', async () => {
    const { started, end, serve, refuse, clock, settle, events, result } = supervising()
    await serve()
    refuse(new Error('no such file'))
    await end(killed('SIGKILL'), 20_000)
    expect(events.map((event) => event.kind === 'restarting' && [event.ending, event.waitMs])).toEqual([
      ['was ended by SIGKILL', 0],
      ['could not be started (Error: no such file)', 0],
      ['could not be started (Error: no such file)', 1000],
    ])
    refuse(undefined)
    clock.advance(1000)
    await settle()
    expect(started).toHaveLength(2)
    await end(exited(0))
    expect(await result).toBe(0)
  })

  test('ends with the reason when the very first cannot be started', async () => {
    const io = fakeIo()
    const start = (): Served => {
      throw new Error('no such file')
    }
    const result = supervise({ start, io, clock: virtualClock(), emit: () => undefined })
    expect(result).rejects.toThrow('no such file')
    expect(await result.catch(() => io.watchers())).toBe(0)
  })

  test('waits longer and longer for what dies at once', async () => {
    const { started, end, clock, settle, events } = supervising()
    for (let death = 0; death < 3; death += 1) await end(killed('SIGKILL'))
    expect(started).toHaveLength(3)
    clock.advance(999)
    await settle()
    expect(started).toHaveLength(3)
    clock.advance(1)
    await settle()
    expect(started).toHaveLength(4)
    await end(killed('SIGKILL'))
    expect(events.at(-1)).toMatchObject({ waitMs: 2000 })
  })

  test('passes signals on, and ends as the process does then', async () => {
    const { io, started, end, serve, result, events } = supervising()
    await serve()
    io.hangup()
    io.signal('SIGTERM')
    io.signal('SIGINT')
    expect(started[0]?.signals).toEqual(['SIGHUP', 'SIGTERM', 'SIGINT'])
    await end(exited(130))
    expect(await result).toBe(130)
    expect(events).toEqual([])
  })

  test('ends with 0 when a signal ended the process before it could listen', async () => {
    const { io, end, result } = supervising()
    io.signal('SIGTERM')
    await end(killed('SIGTERM'))
    expect(await result).toBe(0)
  })

  test('ends at once when told while it waits', async () => {
    const { io, end, started, clock, result } = supervising()
    for (let death = 0; death < 3; death += 1) await end(killed('SIGKILL'))
    io.hangup()
    io.signal('SIGTERM')
    expect(await result).toBe(0)
    expect([started.length, clock.pending()]).toEqual([3, 0])
  })
})
