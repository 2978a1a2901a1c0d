/** Bytes that a wire passes on within the kernel, and what becomes of the pipe that they go through. */
import { describe, expect, test } from 'bun:test'
import { enter, leave, outbox } from '../../../core/net/outbox.ts'
import { Pipe } from '../../../core/net/pipe.ts'
import type { Pipes } from '../../../core/net/pipes.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { Wire } from '../../../core/net/wire.ts'
import { fail } from '../../support/fail.ts'
import { fakeWire } from '../../support/fake-socket.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const make = () => fakeWire(new TimerWheel(virtualClock(), fail), {})

/** One wire that passes bytes on to another within the kernel, and what became of the pipe. */
function makeRelay(sendFrom: (pipe: Pipe) => number, before: (target: Wire) => void = () => {}) {
  const fates: string[] = []
  const opened = { reader: 1, writer: 2, close: () => void fates.push('closed') }
  const pipe = new Pipe(opened, { keep: () => void fates.push('kept'), onClosed: () => {} })
  const [source, target] = [make(), make()]
  Object.assign(source.wire.socket ?? {}, { pipeInto: () => {} })
  Object.assign(target.wire.socket ?? {}, { sendFrom })
  before(target.wire)
  source.wire.relayTo(target.wire, 40_000, { take: () => pipe.lend() } as unknown as Pipes)
  const come = (length: number): void => {
    pipe.pending += length
    source.wire.piped(length)
  }
  return { pipe, source: source.wire, target: target.wire, come, fates }
}

describe('a wire that passes bytes on within the kernel', () => {
  test('gives the pipe back when all has gone through', () => {
    const { come, fates } = makeRelay((pipe) => {
      const all = pipe.pending
      pipe.onLeft(all)
      return all
    })
    come(20_000)
    expect(fates).toEqual([])
    come(20_000)
    expect(fates).toEqual(['kept'])
  })

  test.each([
    ['has closed', (target: Wire) => target.closed(undefined)],
    ['was cut', (target: Wire) => target.destroy()],
    ['is being closed', (target: Wire) => target.close()],
  ])('keeps no pipe with bytes for a peer that %s', (_, end) => {
    const { source, target, come, fates } = makeRelay(() => 0)
    end(target)
    come(20_000)
    source.closed(undefined)
    expect(fates).toEqual(['closed'])
  })

  test('keeps no pipe with bytes that cannot be sent', () => {
    const { source, come, fates } = makeRelay(() => -1)
    come(20_000)
    source.closed(undefined)
    expect(fates).toEqual(['closed'])
  })

  test('lends a pipe anew as if it had never been left', () => {
    const { pipe, fates } = makeRelay(() => 0)
    pipe.abandon()
    pipe.lend().endFeeding()
    expect(fates).toEqual(['kept'])
    pipe.lend().pending = 1
    pipe.endFeeding()
    expect(fates).toEqual(['kept'])
  })

  /** What the target's socket is told to send within one event that gives it bytes first; with `+` where more follows at once. */
  function sentInOneEvent(pipedBytes: number): string[] {
    const sent: string[] = []
    const sendFrom = (pipe: Pipe): number => {
      const { pending } = pipe
      sent.push(`${pending} from a pipe`)
      pipe.onLeft(pending)
      return pending
    }
    const write = (_bytes: Buffer, _start: number, length: number): number => {
      sent.push(`${length}${outbox.isFollowed ? '+' : ''}`)
      return length
    }
    enter()
    const { come } = makeRelay(sendFrom, (target) => {
      Object.assign(target.socket ?? {}, { write })
      target.write(Buffer.alloc(500), 0, 500)
    })
    if (pipedBytes > 0) come(pipedBytes)
    leave()
    return sent
  }

  test('sends what was written before in one go with what follows through the pipe', () => {
    expect(sentInOneEvent(20_000)).toEqual(['500+', '20000 from a pipe'])
    expect(outbox.isFollowed).toBe(false)
  })

  test('sends what was written before even if nothing follows yet', () => {
    expect(sentInOneEvent(0)).toEqual(['500'])
  })
})
