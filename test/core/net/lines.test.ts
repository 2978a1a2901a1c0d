import { describe, expect, test } from 'bun:test'
import { createAskLines, type LinesQuestion } from '../../../core/net/lines.ts'
import { fail } from '../../support/fail.ts'
import { type Arrival, startRawBackend } from '../../support/raw-backend.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
/** In UTF-8, one character a byte. */
function chunk(text: string): string {
  const bytes = Buffer.from(text)
  return `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`
}

/** A service in bytes: what it answers with, and what is heard of it. */
async function following(first: string, changes: Partial<LinesQuestion> = {}) {
  const arrivals: Arrival[] = []
  const service = startRawBackend({
    answer(arrival) {
      arrivals.push(arrival)
      arrival.peer.send(first)
    },
  })
  const clock = virtualClock()
  const heard: string[] = []
  const question = { url: `http://127.0.0.1:${service.port}/watch`, fields: [], timeoutMs: 1000, maxLineBytes: 20 }
  const cancel = createAskLines(clock, fail)(
    { ...question, ...changes },
    {
      opened: () => heard.push('opened'),
      line: (text) => heard.push(text),
      ended: (end) => heard.push(end.kind === 'ended' ? end.detail : `${end.status} ${end.body}`),
    },
  )
  await turnUntil(() => arrivals.length > 0, 'a question')
  return {
    clock,
    heard,
    cancel,
    send: (text: string) => arrivals[0]?.peer.send(text),
    reset: () => arrivals[0]?.peer.reset(),
    isGone: () => turnUntil(() => arrivals[0]?.peer.closing !== undefined, 'the end of the connection'),
    hears: (count: number) => turnUntil(() => heard.length >= count, `${count} calls, after ${heard.join(', ')}`),
    async [Symbol.asyncDispose]() {
      cancel()
      for (const peer of service.connections) peer.reset()
      await service[Symbol.asyncDispose]()
    },
  }
}

describe('an answer in lines', () => {
  test('is told line by line as they come, whatever the pieces', async () => {
    await using rig = await following(HEAD)
    await rig.hears(1)
    rig.send(chunk('{"a"'))
    rig.send(chunk(':1}\n\n{"b":2}\r\n{"ü'))
    await rig.hears(3)
    rig.send(chunk('":3}\n'))
    await rig.hears(4)
    expect(rig.heard).toEqual(['opened', '{"a":1}', '{"b":2}', '{"ü":3}'])
  })

  test('is told in many turns where much of it comes at once', async () => {
    const line = 'x'.repeat(8 * 1024)
    await using rig = await following(HEAD, { maxLineBytes: line.length })
    await rig.hears(1)
    rig.send(chunk(`${line}\n`.repeat(50)))
    const seen: number[] = []
    await turnUntil(() => seen.push(rig.heard.length) > 0 && rig.heard.length > 50, 'all of them')
    const steps = seen.map((count, index) => count - (seen[index - 1] ?? 1))
    expect(Math.max(...steps)).toBeLessThanOrEqual(4)
  })

  test('ends as it ends, and what is no whole line is none', async () => {
    await using rig = await following(HEAD + chunk('a\n{"b":') + '0\r\n\r\n')
    await rig.hears(3)
    expect(rig.heard).toEqual(['opened', 'a', 'it has ended'])
  })

  test('ends where its connection does', async () => {
    await using rig = await following(HEAD + chunk('a\n{"b":'))
    await rig.hears(2)
    rig.reset()
    await rig.hears(3)
    expect(rig.heard).toEqual(['opened', 'a', expect.stringMatching(/^E?CONN/)])
  })

  test('has lines of a bounded length', async () => {
    await using rig = await following(
      HEAD + chunk(`${'x'.repeat(20)}\n`) + chunk('y'.repeat(15)) + chunk('y'.repeat(6)),
    )
    await rig.hears(3)
    expect(rig.heard).toEqual(['opened', 'x'.repeat(20), 'a line is longer than 20 bytes'])
  })

  test('is refused with the first of what is said', async () => {
    await using rig = await following('HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone')
    await rig.hears(1)
    expect(rig.heard).toEqual(['410 gone'])
  })

  test('is waited for until its head is there, and no longer', async () => {
    await using rig = await following('')
    rig.clock.advance(999)
    expect(rig.heard).toEqual([])
    rig.clock.advance(1)
    expect(rig.heard).toEqual(['no answer within 1000 ms'])
  })

  test('may be silent for as long as it likes', async () => {
    await using rig = await following(HEAD)
    await rig.hears(1)
    rig.clock.advance(3_600_000)
    expect(rig.heard).toEqual(['opened'])
    expect(rig.clock.pending()).toBe(0)
  })

  test('says nothing more once it was cancelled', async () => {
    await using rig = await following(HEAD + chunk('a\n'))
    await rig.hears(2)
    rig.cancel()
    rig.send(chunk('b\n'))
    await rig.isGone()
    expect(rig.heard).toEqual(['opened', 'a'])
  })
})
