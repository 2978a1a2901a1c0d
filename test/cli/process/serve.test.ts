import { describe, expect, test } from 'bun:test'
import { type RunningEdge, serve, type Service } from '../../../cli/process/serve.ts'
import type { ServiceNews } from '../../../cli/process/news.ts'
import type { Config } from '../../../core/config/config.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Refusal } from '../../../core/part.ts'
import { buildSnapshot } from '../../../core/report/snapshot.ts'
import { fakeEdge, fakeProcess } from '../../support/edge-view.ts'
import { fakeIo } from '../../support/service-io.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const config = { pools: [{ members: [1, 2] }, { members: [3] }] } as unknown as Config

const edgeThatEnds: RunningEdge = {
  addresses: [],
  adminAddress: undefined,
  control: { config: { shutdownTimeoutMs: 0 } },
  status: () => buildSnapshot(fakeEdge([]), fakeProcess, virtualClock()),
  reopenLogs: () => undefined,
  reportFault: () => undefined,
  drain: async () => ({ cut: 0 }),
  kill: () => undefined,
}

/** An edge whose drain ends when told, and what became of it. */
function scripted(overrides: Partial<Service> = {}) {
  const io = fakeIo()
  const events: EdgeEvent[] = []
  const drained = Promise.withResolvers<{ cut: number }>()
  const calls = { drain: 0, kill: 0 }
  const faults: unknown[] = []
  const lastWords: EdgeEvent[] = []
  const edge: RunningEdge = {
    ...edgeThatEnds,
    reportFault: (error) => void faults.push(error),
    drain() {
      calls.drain++
      return drained.promise
    },
    kill: () => void calls.kill++,
  }
  const ready = Promise.withResolvers<RunningEdge>()
  const clock = virtualClock()
  const emit = (event: EdgeEvent): void => void events.push(event)
  const last = (event: EdgeEvent): void => void lastWords.push(event)
  const service = { io, config, file: 'x.json', clock, emit, lastWords: last, onRefused: () => 1 }
  const result = serve({ ...service, start: async () => edge, onReady: ready.resolve, ...overrides })
  return { io, events, faults, lastWords, calls, clock, result, ready: ready.promise, drained }
}

const kinds = (events: EdgeEvent[]) => events.map((event) => event.kind)

describe('a service', () => {
  test('says when it is ready, and with what', async () => {
    const { events, ready, io, drained, result } = scripted()
    await ready
    expect(events).toEqual([{ kind: 'ready', config: 'x.json', pools: 2, backends: 3 }])
    io.signal('SIGTERM')
    drained.resolve({ cut: 0 })
    await result
  })

  test('tells whoever keeps it alive that it serves, once it does', async () => {
    const told: ServiceNews[] = []
    const io = { ...fakeIo(), tell: (news: ServiceNews) => void told.push(news) }
    const started = Promise.withResolvers<RunningEdge>()
    const { ready, drained, result } = scripted({ io, start: () => started.promise })
    expect(told).toEqual([])
    started.resolve(edgeThatEnds)
    await ready
    expect(told).toEqual([{ kind: 'ready', detail: 'serving 1 pool, 0 backends' }])
    io.signal('SIGTERM')
    drained.resolve({ cut: 0 })
    await result
    expect(told.slice(1)).toEqual([{ kind: 'stopping', withinMs: 0 }])
  })

  test('reloads at SIGHUP, and does not mind one that comes too early', async () => {
    const io = fakeIo()
    const reloads: string[] = []
    const started = Promise.withResolvers<void>()
    const start = async (): Promise<RunningEdge> => {
      await started.promise
      const reload = async (origin: string) => ({ kind: String(reloads.push(origin)) })
      const controller = { reload }
      return { ...edgeThatEnds, controller }
    }
    const { ready, result } = scripted({ io, start })
    io.hangup()
    started.resolve()
    await ready
    io.hangup()
    expect(reloads).toEqual(['SIGHUP'])
    io.signal('SIGTERM')
    expect(await result).toBe(0)
    io.hangup()
    expect(reloads.length).toBe(1)
  })

  test('tells of reloads, of those that were refused too, and for how long it may go on', async () => {
    const told: ServiceNews[] = []
    const io = { ...fakeIo(), tell: (news: ServiceNews) => void told.push(news) }
    const reloads = ['applied', 'refused'].map((kind) => {
      const { promise, resolve } = Promise.withResolvers<{ kind: string }>()
      return { promise, end: () => resolve({ kind }) }
    })
    const left = reloads.values()
    const controller = { reload: async () => (await left.next().value?.promise) ?? { kind: 'unchanged' } }
    const control = { config: { shutdownTimeoutMs: 30_000 } }
    const { ready, result } = scripted({ io, start: async () => ({ ...edgeThatEnds, controller, control }) })
    await ready
    for (const reload of reloads) {
      io.hangup()
      reload.end()
      await Bun.sleep(0)
    }
    io.signal('SIGTERM')
    await result
    const detail = 'serving 1 pool, 0 backends'
    expect(told).toEqual([
      { kind: 'ready', detail },
      { kind: 'reloading' },
      { kind: 'ready', detail },
      { kind: 'reloading' },
      { kind: 'ready', detail: `${detail}; the last reload was refused` },
      { kind: 'stopping', withinMs: 30_000 },
    ])
  })

  test('tells that it lives for as long as it serves', async () => {
    const told: ServiceNews[] = []
    const io = { ...fakeIo(), tell: (news: ServiceNews) => void told.push(news), aliveEveryMs: 1000 }
    const { ready, clock, drained, result } = scripted({ io })
    await ready
    clock.advance(2500)
    expect(told.filter(({ kind }) => kind === 'alive')).toHaveLength(3)
    io.signal('SIGTERM')
    drained.resolve({ cut: 0 })
    await result
    clock.advance(10_000)
    expect(told.filter(({ kind }) => kind === 'alive')).toHaveLength(3)
  })

  test('drains at the first signal and ends with 0', async () => {
    const { io, events, calls, ready, drained, result } = scripted()
    await ready
    io.signal('SIGINT')
    drained.resolve({ cut: 3 })
    expect(await result).toBe(0)
    expect(calls.drain).toBe(1)
    expect(events.slice(1)).toEqual([
      { kind: 'draining', signal: 'SIGINT', connections: 0 },
      { kind: 'stopped', cut: 3 },
    ])
    expect(io.watchers()).toBe(0)
  })

  test('ends at once at the second signal, with its number', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const { io, calls, events, clock, drained, ready, result } = scripted()
      await ready
      io.signal('SIGTERM')
      clock.advance(250)
      io.signal(signal)
      expect(await result).toBe(code)
      expect(calls.kill).toBe(1)
      // The kill ends the drain as well, which must not pass for an orderly stop.
      drained.resolve({ cut: 0 })
      await drained.promise
      await Promise.resolve()
      expect(kinds(events)).toEqual(['ready', 'draining'])
    }
  })

  test('takes the echo of a signal for the same, another signal for a second', async () => {
    const { io, calls, clock, ready, result } = scripted()
    await ready
    io.signal('SIGINT')
    clock.advance(249)
    io.signal('SIGINT')
    await Promise.resolve()
    expect(calls).toEqual({ drain: 1, kill: 0 })
    io.signal('SIGTERM')
    expect(await result).toBe(143)
  })

  test('keeps a signal that comes while it starts', async () => {
    const started = Promise.withResolvers<void>()
    const { io, events, drained, result } = scripted({
      start: async () => {
        await started.promise
        return edgeThatEnds
      },
    })
    io.signal('SIGTERM')
    started.resolve()
    drained.resolve({ cut: 0 })
    expect(await result).toBe(0)
    expect(kinds(events)).toEqual(['ready', 'draining', 'stopped'])
  })

  test('ends at the second signal even when it cannot start', async () => {
    const { io, clock, result } = scripted({ start: () => new Promise(() => undefined) })
    io.signal('SIGINT')
    clock.advance(1000)
    io.signal('SIGINT')
    expect(await result).toBe(130)
  })

  test('hands on why it cannot start, and ends as it is told', async () => {
    const problems = [{ key: 'listeners.web.address', message: 'is in use' }]
    const told: unknown[] = []
    const onRefused = (problems: unknown): number => {
      told.push(problems)
      return 78
    }
    const { io, result } = scripted({ start: () => Promise.reject(new Refusal(problems)), onRefused })
    expect([await result, told]).toEqual([78, [problems]])
    expect([io.err(), io.watchers()]).toEqual(['', 0])
  })

  test('lets a bug at the start through', async () => {
    const { result } = scripted({ start: () => Promise.reject(new TypeError('bug')) })
    expect(await result.catch((error: Error) => error.message)).toBe('bug')
  })

  test('outlives what nobody caught, and tells it', async () => {
    const { io, faults, ready, drained, result } = scripted()
    await ready
    const error = new Error('late')
    io.fault(error)
    io.fault('no error')
    expect(faults).toEqual([error, 'no error'])
    io.signal('SIGTERM')
    drained.resolve({ cut: 0 })
    expect(await result).toBe(0)
  })

  test('tells with its stack what nobody caught before there is an edge', async () => {
    const { io, events, clock, result } = scripted({ start: () => new Promise(() => undefined) })
    io.fault(new Error('early'))
    expect(events).toEqual([{ kind: 'fault', detail: expect.stringMatching(/^Error: early\n +at /) }])
    io.signal('SIGINT')
    clock.advance(1000)
    io.signal('SIGINT')
    await result
  })

  test('says a last word when something else ends the process, with a code that is no success', async () => {
    const { io, lastWords, ready, drained, result } = scripted()
    await ready
    expect(io.exit(0)).toBe(70)
    expect(lastWords).toEqual([
      { kind: 'fault', detail: 'the process was ended with 0 from inside, by a strategy perhaps; it ends with 70' },
    ])
    io.signal('SIGTERM')
    drained.resolve({ cut: 0 })
    await result
    expect(io.exit(0)).toBe(0)
  })
})
