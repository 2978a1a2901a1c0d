import { describe, expect, test } from 'bun:test'
import { enter, leave } from '../../../core/net/outbox.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { Wire } from '../../../core/net/wire.ts'
import type { WireOwner } from '../../../core/net/wire-owner.ts'
import { drawIndex, seededRandom } from '../../../core/random.ts'
import { fail } from '../../support/fail.ts'
import { fakeWire } from '../../support/fake-socket.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function make(owner: Partial<WireOwner> = {}) {
  const clock = virtualClock()
  return { clock, ...fakeWire(new TimerWheel(clock, fail), owner) }
}

const write = (wire: Wire, text: string): void => wire.write(bytesOf(text), 0, text.length)

/** What happens within one event of a socket. */
function inOneEvent(steps: () => void): void {
  enter()
  try {
    steps()
  } finally {
    leave()
  }
}

const big = 'x'.repeat(100_000)

describe('a wire that writes', () => {
  test('sends at once outside of an event', () => {
    const { wire, sent } = make()
    write(wire, 'abc')
    expect(sent()).toBe('abc')
  })

  test('sends what one event wrote in one piece', () => {
    const { wire, sent, writes } = make()
    inOneEvent(() => {
      for (const text of ['abc', '', 'de', 'f']) write(wire, text)
      expect(sent()).toBe('')
    })
    expect([sent(), writes]).toEqual(['abcdef', [6]])
  })

  test('keeps the order of small and large pieces', () => {
    const { wire, sent } = make()
    inOneEvent(() => {
      for (const text of ['a', big, 'b', 'c', big]) write(wire, text)
    })
    expect(sent()).toBe(`a${big}bc${big}`)
  })

  test('keeps pieces for two sockets apart', () => {
    const [one, two] = [make(), make()]
    inOneEvent(() => {
      for (const text of ['a', 'b', 'c']) {
        write(one.wire, text)
        write(two.wire, text.toUpperCase())
      }
    })
    expect([one.sent(), two.sent()]).toEqual(['abc', 'ABC'])
  })

  test('sends a slice and nothing around it', () => {
    const { wire, sent } = make()
    wire.write(bytesOf('abcdef'), 2, 4)
    wire.write(bytesOf(`ab${big}ef`), 2, big.length + 2)
    expect(sent()).toBe(`cd${big}`)
  })

  test.each([0, 1, 99_999, 100_000, 100_001])('keeps what the kernel does not take after %p bytes', (room) => {
    let counted = 0
    const { wire, log, sent, takes } = make({ onSent: (length) => (counted += length) })
    takes(room)
    write(wire, big)
    write(wire, 'tail')
    expect(sent()).toBe(`${big}tail`.slice(0, room))
    expect([wire.isBlocked, log]).toEqual([true, ['onBlocked']])
    takes(Infinity)
    wire.drained()
    expect(sent()).toBe(`${big}tail`)
    expect([wire.isBlocked, log, counted]).toEqual([false, ['onBlocked', 'onDrained'], big.length + 4])
  })

  test('copies what it keeps of the shared buffer', () => {
    const [one, two] = [make(), make()]
    one.takes(1)
    write(one.wire, 'abc')
    write(two.wire, 'XYZ')
    one.takes(Infinity)
    one.wire.drained()
    expect(one.sent()).toBe('abc')
  })

  test('tells once that it is blocked and once that it is not', () => {
    const { wire, log, takes } = make()
    takes(0)
    for (let count = 0; count < 3; count += 1) write(wire, 'abc')
    for (const room of [0, 1, 5, Infinity]) {
      takes(room)
      wire.drained()
    }
    wire.drained()
    expect(log).toEqual(['onBlocked', 'onDrained'])
  })

  test('may be written to when it tells that it is drained', () => {
    const { wire, sent, takes } = make({ onDrained: () => write(wire, 'more') })
    takes(1)
    write(wire, 'abc')
    takes(Infinity)
    wire.drained()
    expect(sent()).toBe('abcmore')
  })

  test('sends nothing when it is closed', () => {
    const { wire, sent, log } = make()
    wire.destroy()
    for (const text of ['abc', big]) write(wire, text)
    wire.end()
    wire.close()
    wire.drained()
    expect([sent(), log]).toEqual(['', ['terminate', 'onClose']])
  })

  test('loses and doubles nothing under random room', () => {
    const random = seededRandom(3)
    const { wire, sent, takes } = make()
    let expected = ''
    for (let step = 0; step < 2000; step += 1) {
      takes(random() < 0.3 ? 0 : drawIndex(random, 50_000))
      if (random() < 0.4) wire.drained()
      const texts = Array.from({ length: drawIndex(random, 4) }, () => `${step},`.repeat(drawIndex(random, 30) ** 3))
      inOneEvent(() => texts.forEach((text) => write(wire, text)))
      expected += texts.join('')
      if (expected.length > 3_000_000) break
    }
    takes(Infinity)
    wire.drained()
    expect(sent() === expected).toBe(true)
  })
})

describe('a wire that ends', () => {
  test('sends its FIN behind what it keeps', () => {
    const { wire, log, sent, takes } = make()
    takes(1)
    write(wire, 'abc')
    wire.end()
    write(wire, 'too late')
    expect(log).toEqual(['onBlocked'])
    takes(Infinity)
    wire.drained()
    expect([sent(), log]).toEqual(['abc', ['onBlocked', 'shutdown']])
  })

  test.each(['end', 'discard', 'destroy'] as const)('has sent what is gathered before its %s', (how) => {
    const { wire, sent } = make()
    inOneEvent(() => {
      write(wire, 'abc')
      wire[how]()
    })
    expect(sent()).toBe('abc')
  })

  test('closes when its peer has ended, too, and not before', () => {
    const { wire, log } = make()
    wire.close()
    wire.received(bytesOf('thrown away'))
    expect(log).toEqual(['shutdown'])
    wire.peerEnded()
    expect(log).toEqual(['shutdown', 'end', 'onClose'])
  })

  test('closes at once when its peer has ended before', () => {
    const { wire, log } = make()
    wire.peerEnded()
    wire.close()
    expect(log).toEqual(['onEnd', 'shutdown', 'end', 'onClose'])
  })

  test('closes behind what it keeps when its peer has ended before', () => {
    const { wire, log, sent, takes } = make()
    wire.peerEnded()
    takes(1)
    write(wire, 'abc')
    wire.close()
    expect(log).toEqual(['onEnd', 'onBlocked'])
    takes(Infinity)
    wire.drained()
    expect([sent(), log]).toEqual(['abc', ['onEnd', 'onBlocked', 'shutdown', 'end', 'onClose']])
  })

  test('reads on, since unread bytes would turn its end into a reset', () => {
    const { wire, log } = make()
    wire.pause()
    wire.close()
    expect(log).toEqual(['pause', 'shutdown', 'resume'])
  })

  test('waits a while for a peer that does not end, then closes without a reset', () => {
    const { clock, wire, log } = make()
    wire.close()
    clock.advance(1900)
    expect(log).toEqual(['shutdown'])
    clock.advance(400)
    expect(log).toEqual(['shutdown', 'end', 'onClose'])
  })

  test('resets a peer that does not take what is kept for it', () => {
    const { clock, wire, log, takes } = make()
    takes(1)
    wire.write(bytesOf('abc'), 0, 3)
    wire.arm(500)
    wire.close()
    clock.advance(700)
    expect(log).toEqual(['onBlocked', 'terminate', 'onClose'])
  })

  test('closes behind its peer, without a FIN of its own before', () => {
    const { wire, log } = make()
    wire.pause()
    wire.closeBehind()
    wire.received(bytesOf('too late'))
    expect(log).toEqual(['pause', 'resume'])
    wire.peerEnded()
    expect(log).toEqual(['pause', 'resume', 'end', 'onClose'])
  })

  test('closes behind a peer that has ended already', () => {
    const { wire, log } = make()
    wire.peerEnded()
    wire.closeBehind()
    expect(log).toEqual(['onEnd', 'end', 'onClose'])
  })

  test('resets a peer that announced its end and does not come to it', () => {
    const { clock, wire, log } = make()
    wire.closeBehind()
    clock.advance(2300)
    expect(log).toEqual(['terminate', 'onClose'])
  })

  test('closes at once behind what it sends when nothing can follow, without a FIN before', () => {
    const { wire, log, sent } = make()
    enter()
    wire.write(bytesOf('bye'), 0, 3)
    wire.closeAtOnce()
    leave()
    expect([sent(), log]).toEqual(['bye', ['end', 'onClose']])
  })

  test.each([
    ['what it keeps', 1, 'bye'],
    ['much', 20_000, 'x'.repeat(20_000)],
  ])('does not close at once behind %s', (_, taken, text) => {
    const { wire, log, takes } = make()
    takes(taken)
    write(wire, text)
    wire.closeAtOnce()
    expect(log).not.toContain('end')
  })

  test('gives up the connect under way when it is destroyed, once', () => {
    const { wire, log } = make()
    wire.connecting = () => void log.push('given up')
    wire.destroy()
    wire.destroy()
    expect(log.filter((line) => line === 'given up')).toHaveLength(1)
  })

  test('knows a FIN that Bun tells of as a close', () => {
    const { wire } = make()
    wire.end()
    wire.closed(undefined)
    expect(wire.hasEndedBoth).toBe(true)
  })

  test.each([
    ['before its own end', (wire: Wire) => wire.closed(undefined)],
    ['by an error', (wire: Wire) => (wire.end(), wire.closed(new Error('reset')))],
    ['by its own cut', (wire: Wire) => (wire.end(), wire.destroy())],
  ])('takes a close %s for no FIN', (_, close) => {
    const { wire } = make()
    close(wire)
    expect(wire.hasEndedBoth).toBe(false)
  })

  test('tells once that it is closed', () => {
    const { wire, log } = make()
    wire.closed(undefined)
    wire.closed(undefined)
    expect(log).toEqual(['onClose'])
  })
})

describe('a wire that waits', () => {
  test('tells when its time is over, once', () => {
    const { clock, wire, log } = make()
    wire.arm(1000)
    clock.advance(10_000)
    expect(log).toEqual(['onTimeout'])
  })

  test('gives a slow peer more time for every byte it takes', () => {
    const { clock, wire, log, takes } = make({ onBlocked: () => wire.arm(1000) })
    takes(0)
    write(wire, 'abc')
    for (let count = 0; count < 2; count += 1) {
      clock.advance(900)
      takes(1)
      wire.drained()
    }
    clock.advance(900)
    // Woken up without having taken a byte: that is no progress.
    takes(0)
    wire.drained()
    expect(log).toEqual(['onBlocked'])
    clock.advance(400)
    expect(log).toEqual(['onBlocked', 'onTimeout'])
  })

  test('waits for nothing any more when it is closed', () => {
    const { clock, wire, log } = make()
    wire.arm(1000)
    wire.closed(undefined)
    clock.advance(10_000)
    expect(log).toEqual(['onClose'])
    expect(clock.pending()).toBe(0)
  })

  test('pauses and resumes its socket no more often than it must', () => {
    const { wire, log } = make()
    for (const step of ['pause', 'pause', 'resume', 'resume', 'pause'] as const) wire[step]()
    expect(log).toEqual(['pause', 'resume', 'pause'])
  })

  test('remembers a pause that came before its socket', () => {
    const { wire, log } = make()
    const { socket } = wire
    wire.socket = undefined
    wire.pause()
    expect(log).toEqual([])
    wire.opened(socket!)
    expect(log).toEqual(['pause', 'onOpen'])
  })
})
