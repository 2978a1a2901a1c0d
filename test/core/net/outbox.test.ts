import { describe, expect, test } from 'bun:test'
import { commit, enter, leave, type OutboxOwner, outbox, reserve } from '../../../core/net/outbox.ts'
import { textOf } from '../../support/http1-bytes.ts'

/** An owner that notes what is sent for it. */
function makeOwner(): OutboxOwner & { readonly sent: string[] } {
  const sent: string[] = []
  return { sent, flushOutbox: (bytes, length) => void sent.push(textOf(bytes.subarray(0, length))) }
}

function put(owner: OutboxOwner, text: string): void {
  const at = reserve(owner, text.length)
  commit(at + outbox.bytes.write(text, at, 'latin1'))
}

describe('the outbox', () => {
  test('gathers for one owner until the event is over, events within events included', () => {
    const owner = makeOwner()
    enter()
    put(owner, 'a')
    enter()
    put(owner, 'b')
    leave()
    put(owner, 'c')
    expect(owner.sent).toEqual([])
    leave()
    expect(owner.sent).toEqual(['abc'])
  })

  test('sends at once outside of an event', () => {
    const owner = makeOwner()
    put(owner, 'a')
    put(owner, 'b')
    expect(owner.sent).toEqual(['a', 'b'])
  })

  test('sends for one owner before it gathers for another', () => {
    const [one, two] = [makeOwner(), makeOwner()]
    enter()
    put(one, 'a')
    put(two, 'b')
    expect([one.sent, two.sent]).toEqual([['a'], []])
    leave()
    expect(two.sent).toEqual(['b'])
  })

  test('sends what has grown large before the event is over', () => {
    const owner = makeOwner()
    enter()
    for (let count = 0; count < 20; count += 1) put(owner, 'x'.repeat(30_000))
    expect(owner.sent.length).toBeGreaterThan(0)
    leave()
    expect(owner.sent.join('')).toHaveLength(600_000)
  })

  test('sends nothing for room that was not used', () => {
    const owner = makeOwner()
    enter()
    reserve(owner, 1000)
    leave()
    expect(owner.sent).toEqual([])
  })

  test('throws when more was written than there was room for, and sends nothing of it', () => {
    const owner = makeOwner()
    enter()
    put(owner, 'before ')
    const at = reserve(owner, 4)
    outbox.bytes.write('12345', at, 'latin1')
    expect(() => commit(at + 5)).toThrow('5 bytes were written into room for 4')
    put(owner, 'behind')
    leave()
    expect(owner.sent).toEqual(['before behind'])
  })

  test('throws when a copy was cut at the end of its buffer', () => {
    const owner = makeOwner()
    const { length } = outbox.bytes
    const at = reserve(owner, length - 1)
    const end = at + Buffer.alloc(length + 1000).copy(outbox.bytes, at)
    expect(() => commit(end)).toThrow(RangeError)
    expect(owner.sent).toEqual([])
    expect(() => reserve(makeOwner(), length)).toThrow(RangeError)
  })

  test('has room for the largest head and refuses more', () => {
    const owner = makeOwner()
    expect(reserve(owner, 2 * 1024 * 1024 + 1024)).toBe(0)
    commit(0)
    expect(() => reserve(owner, 4 * 1024 * 1024)).toThrow(RangeError)
    put(owner, 'a')
    expect(owner.sent).toEqual(['a'])
  })
})
