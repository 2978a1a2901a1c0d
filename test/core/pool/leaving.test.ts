import { describe, expect, test } from 'bun:test'
import { Leaving } from '../../../core/pool/leaving.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function makeLeaving() {
  const clock = virtualClock()
  const over: string[] = []
  return { clock, over, leaving: new Leaving(clock, ({ id }) => over.push(id)) }
}

describe('Leaving', () => {
  test('gives each its time, and forgets it then', () => {
    const { clock, leaving, over } = makeLeaving()
    const [one, two] = [makeBackend(1), makeBackend(2)]
    leaving.add(one, 1000)
    clock.advance(500)
    leaving.add(two, 1000)
    expect(leaving.backends).toEqual([one, two])
    clock.advance(500)
    expect([over, leaving.backends]).toEqual([[one.id], [two]])
    clock.advance(500)
    expect([over, leaving.backends]).toEqual([[one.id, two.id], []])
  })

  test('counts the time that was given first', () => {
    const { clock, leaving, over } = makeLeaving()
    leaving.add(makeBackend(1), 1000)
    leaving.add(makeBackend(1), 9000)
    clock.advance(1000)
    expect(over).toHaveLength(1)
    expect(clock.pending()).toBe(0)
  })

  test('gives back the very one, once, and its time runs no more', () => {
    const { clock, leaving, over } = makeLeaving()
    const one = makeBackend(1)
    leaving.add(one, 1000)
    expect(leaving.takeBack(one.id)).toBe(one)
    expect([leaving.takeBack(one.id), leaving.takeBack('nobody:1'), clock.pending()]).toEqual([undefined, undefined, 0])
    clock.advance(9000)
    expect(over).toEqual([])
  })
})
