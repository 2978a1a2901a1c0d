import { describe, expect, test } from 'bun:test'
import { type Current, generationBefore, nextRelease, pastOf, wider } from '../../../core/fleet/changes.ts'
import { type Offer, readOffer, writeOffer } from '../../../core/fleet/release.ts'

const author = { at: '2026-01-01T00:00:00.000Z', by: 'ada@laptop' }
const all = (generation: number | undefined, text = `text ${generation}`): Offer => ({
  generation,
  text,
  percent: 100,
  before: undefined,
})
const held = (offer: Offer): Current => ({ offer, version: '5' })
const next = (current: Offer | undefined, percent = 100, newest = 0) =>
  nextRelease({ ...author, current: current && held(current), newest, text: 'new', percent })

function written(made: ReturnType<typeof next>): Offer {
  if (made.kind === 'fault') throw new Error(made.reason)
  const read = readOffer(made.swap.value)
  if (read.kind === 'fault') throw new Error(read.rule)
  expect(read.offer).toEqual(made.offer)
  return read.offer
}

describe('the next release', () => {
  test('is the first of a source that holds none', () => {
    const made = next(undefined)
    expect(written(made)).toEqual({ ...author, generation: 1, text: 'new', percent: 100, before: undefined })
    expect(made).toMatchObject({ swap: { version: undefined, forget: [], past: { generation: 1 } } })
  })

  test('goes on behind those of before, though they are gone', () => {
    expect(written(next(undefined, 100, 7)).generation).toBe(8)
    expect(written(next(all(undefined), 100, 7)).generation).toBe(8)
  })

  test('has what all ran last for those that it is not for', () => {
    expect(written(next(all(6), 10)).before).toEqual({ generation: 6, text: 'text 6' })
    // A rollout that was not finished is no more.
    const half: Offer = { ...all(7), percent: 50, before: { generation: 6, text: 'text 6' } }
    expect(written(next(half, 10)).before).toEqual({ generation: 6, text: 'text 6' })
    expect(written(next(half)).before).toBeUndefined()
    expect(written(next(all(undefined, 'by hand'), 10)).before).toEqual({ generation: undefined, text: 'by hand' })
  })

  test('cannot be for some, where the others have nothing', () => {
    expect(next(undefined, 10)).toMatchObject({ kind: 'fault' })
  })

  test('is kept as one for all, and the twentieth before it is forgotten', () => {
    const made = next(all(40), 10)
    if (made.kind === 'fault') throw new Error(made.reason)
    expect(made.swap.forget).toEqual([21])
    expect(readOffer(made.swap.past?.value ?? '')).toMatchObject({
      offer: { generation: 41, percent: 100, before: undefined },
    })
  })
})

describe('a rollout', () => {
  const half: Offer = { ...all(7), percent: 50, before: { generation: 6, text: 'text 6' } }

  test('becomes wider and narrower', () => {
    expect(written(wider(held(half), 80))).toEqual({ ...half, percent: 80 })
    expect(written(wider(held(half), 10))).toEqual({ ...half, percent: 10 })
    expect(written(wider(held(half), 100))).toEqual(all(7))
    expect(wider(held(half), 80)).toMatchObject({ swap: { version: '5', past: undefined, forget: [] } })
  })

  test('that is over is not begun again', () => {
    expect(wider(held(all(7)), 50)).toMatchObject({ kind: 'fault' })
    expect(wider(held(all(7)), 100)).toMatchObject({ kind: 'next' })
  })
})

describe('the past', () => {
  test('is sorted, and what is no release is left out', () => {
    const values = [all(2), all(10), all(1)].map((offer) => [String(offer.generation), writeOffer(offer)] as const)
    const past = pastOf(new Map([...values, ['x', 'not JSON'], ['y', '{"smartedge":']]))
    expect(past.map(({ generation }) => generation)).toEqual([10, 2, 1])
  })

  const past = [{ ...all(5), of: 3 }, all(4), all(3), all(2), all(1)]

  test.each<[string, Offer, number | undefined]>([
    ['the one before', all(3), 2],
    ['the one before the one that it was gone back to', { ...all(5), of: 3 }, 2],
    ['a way back', all(6), 5],
    ['what the others run, of a rollout', { ...all(9), percent: 5, before: { generation: 1, text: '' } }, 1],
    ['nothing before the first', all(1), undefined],
    ['the newest that is known, of one without a generation', all(undefined), 5],
  ])('is gone back in to %s', (_, newest, generation) => expect(generationBefore(newest, past)).toBe(generation))
})
