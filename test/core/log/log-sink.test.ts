import { describe, expect, test } from 'bun:test'
import type { LogFile } from '../../../core/log/log-file.ts'
import { type Fate, LogSink, type SinkOptions } from '../../../core/log/log-sink.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A file whose writes the test ends: with how much was taken, or a failure. */
function scripted(options: Partial<SinkOptions> = {}) {
  const clock = virtualClock()
  const counted: Record<Fate, number> = { written: 0, backlog: 0, failure: 0 }
  const told: string[] = []
  const log: string[] = []
  const writes: PromiseWithResolvers<number>[] = []
  let hasMoved = false
  let hasName = true
  let refusal: Error | undefined
  const file: LogFile = {
    write(bytes, from) {
      log.push(bytes.toString('latin1', from))
      const writing = Promise.withResolvers<number>()
      writes.push(writing)
      return writing.promise
    },
    hasMoved: async () => hasMoved,
    async reopen() {
      if (refusal !== undefined) throw refusal
      hasMoved = false
      log.push('reopened')
    },
    hasName: () => hasName,
    writeNow: (bytes) => void log.push(`now ${bytes.toString('latin1')}`),
    close: () => void log.push('closed'),
  }
  const sink = new LogSink({
    file,
    clock,
    encoding: 'latin1',
    gatherMs: 100,
    quietMs: 1000,
    count: (fate, lines) => void (counted[fate] += lines),
    onAway: (reason) => void told.push(reason),
    onBack: (lost) => void told.push(`back, ${lost} lost`),
    ...options,
  })
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns += 1) await Promise.resolve()
  }
  return {
    clock,
    counted,
    told,
    log,
    sink,
    writes,
    settle,
    move: () => (hasMoved = true),
    refuse: (reason: string | undefined) => (refusal = reason === undefined ? undefined : new Error(reason)),
    remove: () => (hasName = false),
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
    const { clock, counted, log, sink, took } = scripted()
    sink.write('a')
    clock.advance(99)
    sink.write('b')
    expect(log).toEqual([])
    clock.advance(1)
    await took()
    expect([log, counted.written, clock.pending()]).toEqual([['a\nb\n'], 2, 0])
  })

  test('are written at once when there are many, one write after the other, and those that come meanwhile are gathered', async () => {
    const { clock, log, sink, settle, took } = scripted()
    const long = 'x'.repeat(64 * 1024)
    sink.write(long)
    sink.write('b')
    sink.write('c')
    await settle()
    expect(log).toEqual([`${long}\n`])
    await took()
    sink.write('d')
    await settle()
    expect(log.slice(1)).toEqual([])
    clock.advance(100)
    await took()
    expect(log.slice(1)).toEqual(['b\nc\nd\n'])
  })

  test('that many have come of while others were written follow at once', async () => {
    const { log, sink, settle, took } = scripted()
    const long = 'x'.repeat(64 * 1024)
    for (let time = 0; time < 3; time += 1) sink.write(long)
    await took()
    await settle()
    expect(log.slice(1)).toEqual([`${long}\n${long}\n`])
  })

  test('go on behind a short write', async () => {
    const { clock, counted, log, sink, took } = scripted()
    sink.write('abc')
    clock.advance(100)
    await took(1)
    await took(2)
    await took()
    expect([log, counted.written]).toEqual([['abc\n', 'bc\n', '\n'], 1])
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

  test('go at once where none is to wait', async () => {
    const { clock, log, sink, took } = scripted({ gatherMs: 0, encoding: 'utf8' })
    sink.write('é')
    sink.write('b')
    await took()
    await took()
    expect([log, clock.pending()]).toEqual([['\u00C3\u00A9\n', 'b\n'], 0])
  })

  test('that nobody takes are dropped beyond 4 MiB, which is told once and counted', async () => {
    const { clock, counted, told, sink, settle, took } = scripted()
    const line = 'x'.repeat(1024 * 1024 - 1)
    for (let count = 0; count < 7; count += 1) sink.write(line)
    await settle()
    expect([counted.backlog, told]).toEqual([3, ['whoever takes it is too slow']])
    clock.advance(1000)
    await took()
    expect(told.slice(1)).toEqual(['back, 3 lost'])
    await took()
    sink.write('y')
    clock.advance(100)
    await took()
    expect(counted).toEqual({ written: 5, backlog: 3, failure: 0 })
  })

  test('that cannot be written are counted, and told once until it has gone well for a while', async () => {
    const { clock, counted, told, failed, sink, took } = scripted()
    for (const code of ['ENOSPC', '', 'ENOSPC', '']) {
      sink.write('a')
      sink.write('b')
      clock.advance(100)
      if (code === '') await took()
      else await failed(code)
    }
    expect(told).toEqual(['the disk is full'])
    clock.advance(900)
    sink.write('c')
    clock.advance(100)
    await took()
    expect(told.slice(1)).toEqual(['back, 4 lost'])
    expect(counted).toEqual({ written: 5, backlog: 0, failure: 4 })
  })

  test('of which one was torn begin anew behind it, and those before it count as written', async () => {
    const { clock, counted, failed, log, sink, took } = scripted()
    sink.write('a')
    sink.write('bc')
    sink.write('d')
    clock.advance(100)
    await took(3)
    await failed('ENOSPC')
    expect(counted).toEqual({ written: 1, backlog: 0, failure: 2 })
    sink.write('e')
    clock.advance(100)
    await took()
    await took()
    expect(log).toEqual(['a\nbc\nd\n', 'c\nd\n', '\n', 'e\n'])
  })

  test.each([
    [true, ['b\n'], { written: 1, backlog: 0, failure: 0 }],
    [false, [], { written: 0, backlog: 0, failure: 1 }],
  ])('for which there is no new file go on in theirs while that has a name: %p', async (hasName, lines, result) => {
    const { clock, counted, log, move, refuse, remove, sink, told, took, settle } = scripted()
    move()
    refuse('it is a folder')
    if (!hasName) remove()
    clock.advance(1000)
    sink.write('b')
    clock.advance(100)
    await settle()
    if (hasName) await took()
    expect([log, told]).toEqual([lines, ['it is a folder']])
    expect(counted).toEqual(result)
    // Not looked for with each batch.
    refuse(undefined)
    sink.write('c')
    clock.advance(100)
    await settle()
    if (hasName) await took()
    expect(log).toEqual(hasName ? [...lines, 'c\n'] : [])
    clock.advance(1000)
    sink.write('d')
    clock.advance(100)
    await took()
    expect(log.slice(-2)).toEqual(['reopened', 'd\n'])
    expect(told.slice(1)).toEqual([`back, ${hasName ? 0 : 2} lost`])
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

  test('are all written at the end, those too that came while others were written', async () => {
    const { clock, log, sink, took } = scripted({ gatherMs: 1000 })
    sink.write('x'.repeat(64 * 1024))
    sink.write('b')
    const ended = sink.end(5000)
    await took()
    await took()
    await ended
    expect([log.slice(1), clock.pending()]).toEqual([['b\n', 'closed'], 0])
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
    const { clock, counted, log, settle, sink, took } = scripted()
    sink.write('a')
    const ended = sink.end(1000)
    await settle()
    clock.advance(1000)
    await ended
    await took(0)
    expect([log, counted.failure]).toEqual([['a\n', 'closed'], 1])
  })

  test('are written at once when there is no time left', () => {
    const { clock, log, sink } = scripted()
    sink.write('a')
    sink.stop()
    expect([log, clock.pending()]).toEqual([['now a\n'], 0])
  })
})
