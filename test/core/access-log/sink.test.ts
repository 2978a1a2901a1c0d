import { describe, expect, test } from 'bun:test'
import type { LogFile } from '../../../core/access-log/log-file.ts'
import { LogSink } from '../../../core/access-log/sink.ts'
import { edgeLedger } from '../../../core/observe/counters.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A file whose writes the test ends: with how much was taken, or a failure. */
function scripted() {
  const clock = virtualClock()
  const counters = edgeLedger.create()
  const events: EdgeEvent[] = []
  const log: string[] = []
  const writes: PromiseWithResolvers<number>[] = []
  let hasMoved = false
  const file: LogFile = {
    write(bytes, from) {
      log.push(bytes.toString('latin1', from))
      const writing = Promise.withResolvers<number>()
      writes.push(writing)
      return writing.promise
    },
    hasMoved: async () => hasMoved,
    async reopen() {
      hasMoved = false
      log.push('reopened')
    },
    writeNow: (bytes) => void log.push(`now ${bytes.toString('latin1')}`),
    close: () => void log.push('closed'),
  }
  const sink = new LogSink({ file, name: 'a.log', clock, counters, emit: (event) => void events.push(event) })
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns += 1) await Promise.resolve()
  }
  return {
    clock,
    counters,
    events,
    log,
    sink,
    writes,
    settle,
    move: () => (hasMoved = true),
    took: async (length = Infinity): Promise<void> => {
      await settle()
      const bytes = log.findLast((line) => line !== 'reopened') ?? ''
      writes.shift()!.resolve(Math.min(length, bytes.length))
      await settle()
    },
    failed: async (code: string): Promise<void> => {
      await settle()
      writes.shift()!.reject(Object.assign(new Error('no'), { code }))
      await settle()
    },
  }
}

describe('lines of a log', () => {
  test('are gathered, and written in one go', async () => {
    const { clock, counters, log, sink, took } = scripted()
    sink.write('a')
    clock.advance(99)
    sink.write('b')
    expect(log).toEqual([])
    clock.advance(1)
    await took()
    expect([log, counters.accessLogLines, clock.pending()]).toEqual([['a\nb\n'], 2, 0])
  })

  test('are written at once when there are many, one write after the other', async () => {
    const { log, sink, settle, took } = scripted()
    const long = 'x'.repeat(64 * 1024)
    sink.write(long)
    sink.write('b')
    sink.write('c')
    await settle()
    expect(log).toEqual([`${long}\n`])
    await took()
    expect(log.slice(1)).toEqual(['b\nc\n'])
  })

  test('go on behind a short write', async () => {
    const { clock, counters, log, sink, took } = scripted()
    sink.write('abc')
    clock.advance(100)
    await took(1)
    await took(2)
    await took()
    expect([log, counters.accessLogLines]).toEqual([['abc\n', 'bc\n', '\n'], 1])
  })

  test('wait while nothing is taken', async () => {
    const { clock, log, sink, took } = scripted()
    sink.write('a')
    clock.advance(100)
    await took(0)
    expect(log).toEqual(['a\n'])
    clock.advance(50)
    await took()
    expect(log).toEqual(['a\n', 'a\n'])
  })

  test('that nobody takes are dropped beyond 4 MiB, which is told once and counted', async () => {
    const { clock, counters, events, sink, settle, took } = scripted()
    const line = 'x'.repeat(1024 * 1024 - 1)
    for (let count = 0; count < 7; count += 1) sink.write(line)
    await settle()
    expect(counters.accessLogLostToBacklog).toBe(3)
    expect(events).toEqual([{ kind: 'access-log-away', to: 'a.log', reason: 'whoever takes it is too slow' }])
    await took()
    expect(events.slice(1)).toEqual([{ kind: 'access-log-back', to: 'a.log', lost: 3 }])
    await took()
    sink.write('y')
    clock.advance(100)
    await took()
    expect(counters).toMatchObject({ accessLogLines: 5, accessLogLostToBacklog: 3 })
  })

  test('that cannot be written are counted, and told once until it goes well again', async () => {
    const { clock, counters, events, failed, sink, took } = scripted()
    for (const code of ['ENOSPC', 'ENOSPC']) {
      sink.write('a')
      sink.write('b')
      clock.advance(100)
      await failed(code)
    }
    expect(events).toEqual([{ kind: 'access-log-away', to: 'a.log', reason: 'the disk is full' }])
    sink.write('c')
    clock.advance(100)
    await took()
    expect(events.slice(1)).toEqual([{ kind: 'access-log-back', to: 'a.log', lost: 4 }])
    expect(counters).toMatchObject({ accessLogLines: 1, accessLogLostToFailure: 4 })
  })

  test('go to the new file once theirs has been moved, looked for once a second', async () => {
    const { clock, log, move, sink, took } = scripted()
    move()
    sink.write('a')
    clock.advance(100)
    await took()
    clock.advance(900)
    sink.write('b')
    clock.advance(100)
    await took()
    expect(log).toEqual(['a\n', 'reopened', 'b\n'])
  })

  test('go to the new file at once when that is asked for, also while there are none', async () => {
    const { log, settle, sink } = scripted()
    sink.reopen()
    await settle()
    expect(log).toEqual(['reopened'])
  })

  test('are all written at the end', async () => {
    const { clock, log, sink, took } = scripted()
    sink.write('a')
    const ended = sink.end(1000)
    await took()
    await ended
    expect([log, clock.pending()]).toEqual([['a\n', 'closed'], 0])
  })

  test('hold up no end for longer than that may take, and a write under way keeps its descriptor', async () => {
    const { clock, log, settle, sink, took } = scripted()
    sink.write('a')
    const ended = sink.end(1000)
    await settle()
    clock.advance(1000)
    await ended
    expect(log).toEqual(['a\n'])
    await took()
    expect(log.at(-1)).toBe('closed')
  })

  test('that nothing takes at the end are given up', async () => {
    const { clock, counters, log, settle, sink, took } = scripted()
    sink.write('a')
    const ended = sink.end(1000)
    await settle()
    clock.advance(1000)
    await ended
    await took(0)
    expect([log, counters.accessLogLostToFailure]).toEqual([['a\n', 'closed'], 1])
  })

  test('are written at once when there is no time left', () => {
    const { clock, log, sink } = scripted()
    sink.write('a')
    sink.stop()
    expect([log, clock.pending()]).toEqual([['now a\n'], 0])
  })
})
