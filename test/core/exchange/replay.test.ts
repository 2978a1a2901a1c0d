import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Replay, replayFor } from '../../../core/exchange/replay.ts'
import { testRetry } from '../../support/edge.ts'
import { FakeStream } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const KIB = 1024

function keep(replay: Replay, text: string): void {
  const bytes = bytesOf(`<${text}>`)
  replay.keep(bytes, 1, bytes.length - 1)
  // The wire may have given the buffer away by now.
  bytes.fill(0)
}

function sent(replay: Replay): string[] {
  const stream = new FakeStream(false)
  replay.sendTo(stream)
  return stream.log
}

describe('a replay', () => {
  test('holds nothing before something is sent', () => {
    const memory = { replayBytes: 0 }
    const replay = new Replay(memory, 10, KIB)
    expect([sent(replay), replay.isWhole, memory.replayBytes]).toEqual([[], true, 0])
  })

  test('sends what it keeps, in order, as often as it is asked', () => {
    const replay = new Replay({ replayBytes: 0 }, 10, 2 * KIB)
    keep(replay, 'abc')
    keep(replay, '')
    keep(replay, 'de')
    expect([sent(replay), sent(replay)]).toEqual([['body abcde'], ['body abcde']])
    keep(replay, 'f')
    expect(sent(replay)).toEqual(['body abcdef'])
  })

  test.each([
    [10, true],
    [11, false],
  ])('of at most 10 bytes is whole with %p: %p', (length, isWhole) => {
    const memory = { replayBytes: 0 }
    const replay = new Replay(memory, 10, KIB)
    for (let count = 0; count < length; count += 1) keep(replay, 'x')
    expect(replay.isWhole).toBe(isWhole)
    expect(sent(replay)).toEqual(isWhole ? [`body ${'x'.repeat(length)}`] : [])
    expect(memory.replayBytes > 0).toBe(isWhole)
  })

  test('lets go of what would take all of them together beyond their bound', () => {
    const memory = { replayBytes: 0 }
    const [first, second] = [new Replay(memory, 8 * KIB, 3 * KIB), new Replay(memory, 8 * KIB, 3 * KIB)]
    keep(first, 'x'.repeat(2000))
    keep(second, 'y'.repeat(2000))
    expect([first.isWhole, second.isWhole]).toEqual([true, false])
    expect(memory.replayBytes).toBeLessThan(3 * KIB)
    first.release()
    const third = new Replay(memory, 8 * KIB, 3 * KIB)
    keep(third, 'z'.repeat(2000))
    expect(third.isWhole).toBeTrue()
  })

  test('gives its memory back once, however often it is released', () => {
    const memory = { replayBytes: 0 }
    const replay = new Replay(memory, KIB, KIB * KIB)
    keep(replay, 'abc')
    replay.release()
    replay.release()
    expect([memory.replayBytes, replay.isWhole, sent(replay)]).toEqual([0, false, []])
    keep(replay, 'def')
    expect([memory.replayBytes, sent(replay)]).toEqual([0, []])
  })

  test('sends no buffer to its very end, which the wire would give away', () => {
    const ends: boolean[] = []
    const stream = Object.assign(new FakeStream(false), {
      sendBody: (bytes: Buffer, _start: number, end: number) => void ends.push(end < bytes.length),
    })
    for (const length of [1, 1023, 1024, 1025, 2047, 2048, 65_536]) {
      const replay = new Replay({ replayBytes: 0 }, 65_536, KIB * KIB)
      keep(replay, 'x'.repeat(length - 1))
      keep(replay, 'x')
      replay.sendTo(stream)
    }
    expect(ends).toEqual(Array.from({ length: 7 }, () => true))
  })

  test('keeps any pieces whole or lets them go, and never counts less than it holds', () => {
    const pieces = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 3000 }), { maxLength: 30 })
    fc.assert(
      fc.property(pieces, fc.nat(20_000), fc.nat(30_000), (texts, max, total) => {
        const memory = { replayBytes: 0 }
        const replay = new Replay(memory, max, total)
        for (const text of texts) keep(replay, text)
        const all = texts.join('')
        if (replay.isWhole) {
          expect(sent(replay)).toEqual(all === '' ? [] : [`body ${all}`])
          expect(memory.replayBytes).toBeGreaterThanOrEqual(all.length)
        } else {
          expect(memory.replayBytes).toBe(0)
        }
        expect(memory.replayBytes).toBeLessThanOrEqual(total)
        if (all.length > max) expect(replay.isWhole).toBeFalse()
        replay.release()
        expect(memory.replayBytes).toBe(0)
      }),
    )
  })
})

describe('replayFor', () => {
  const head = (method: string, fields: string) => parseRequest(`${method} / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
  const chunked = 'Transfer-Encoding: chunked\r\n'

  test.each([
    ['PUT', 'Content-Length: 5\r\n', {}, true],
    ['PUT', chunked, {}, true],
    ['POST', 'Content-Length: 5\r\n', {}, false],
    ['POST', `${chunked}Idempotency-Key: 1\r\n`, {}, true],
    ['PUT', 'Content-Length: 10\r\n', { maxBodyBytes: 10 }, true],
    ['PUT', 'Content-Length: 11\r\n', { maxBodyBytes: 10 }, false],
    ['PUT', chunked, { maxBodyBytes: 0 }, false],
    ['PUT', chunked, { attempts: 1 }, false],
  ] as const)('%s with %p and %p: %p', (method, fields, policy, isKept) => {
    const replay = replayFor(head(method, fields), { retry: testRetry(policy) }, { replayBytes: 0 }, KIB)
    expect(replay !== undefined).toBe(isKept)
  })

  test.each([
    ['Content-Length: 5\r\n', {}, true],
    [chunked, {}, true],
    ['Content-Length: 11\r\n', { maxBodyBytes: 10 }, false],
    [chunked, { maxBodyBytes: 0 }, false],
    [chunked, { attempts: 1 }, false],
  ] as const)('POST with %p and %p where backends may refuse: %p', (fields, policy, isKept) => {
    const pool = { retry: testRetry(policy), mayRefuse: true }
    expect(replayFor(head('POST', fields), pool, { replayBytes: 0 }, KIB) !== undefined).toBe(isKept)
  })
})
