import { describe, expect, test } from 'bun:test'
import { inLine } from '../../../core/http2/memory.ts'
import { Unread } from '../../../core/inbound/unread.ts'
import { isLent, lend } from '../../../core/net/retained.ts'

const receiving = Buffer.alloc(4096)
lend(receiving)
/** As it is read, to be overwritten by what comes next. */
const received = (text: string): Buffer => receiving.subarray(0, receiving.write(text, 'latin1'))
const taken = (unread: Unread): string => unread.take()?.toString('latin1') ?? ''

describe('what waits to be read', () => {
  test.each([10, 2048, 2049, 4096])('stays what it was: %i bytes', (length) => {
    const unread = new Unread()
    const before = inLine.bytes
    unread.add(received('a'.repeat(length)))
    received('b'.repeat(4096))
    expect([unread.isThere, inLine.bytes - before]).toEqual([true, length])
    expect(taken(unread)).toBe('a'.repeat(length))
    unread.release()
    expect([unread.isThere, inLine.bytes - before, unread.take()]).toEqual([false, 0, undefined])
  })

  test('is followed by what comes meanwhile', () => {
    const unread = new Unread()
    for (const text of ['one ', 'two ', 'three']) unread.add(received(text))
    expect(taken(unread)).toBe('one two three')
    unread.release()
  })

  test('lies where others did whose turn is over, and nowhere else', () => {
    const [one, other, third] = [new Unread(), new Unread(), new Unread()]
    one.add(received('first'))
    other.add(received('other'))
    const first = one.take() as Buffer
    // The last of it waits again.
    one.add(first.subarray(2))
    one.release()
    third.add(received('third'))
    expect([taken(one), taken(other), taken(third)]).toEqual(['rst', 'other', 'third'])
    for (const unread of [one, other, third]) unread.release()
    one.add(received('again'))
    const again = one.take() as Buffer
    expect([again.buffer === first.buffer, isLent(again)]).toEqual([true, true])
    one.release()
  })
})
