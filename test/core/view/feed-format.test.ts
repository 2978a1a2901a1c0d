import { describe, expect, test } from 'bun:test'
import { isFrame, isHello, readEvent } from '../../../core/view/feed-format.ts'
import { sampleFrames, sampleHello } from '../../support/feed-frames.ts'

const frame = JSON.parse(JSON.stringify(sampleFrames(1).at(-1))) as Record<string, unknown>

/** Every place in a value, as a list of keys. */
function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, key]))]
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy: Record<string, unknown> = Array.isArray(value)
    ? ([...(value as unknown[])] as never)
    : { ...(value as object) }
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

/** What balancers did not tell from the start. */
const NEWER =
  'why until health maxInflight waiting queuedPerSecond turnedAwayPerSecond shedding shedPerSecond refusalsPerSecond certificates'.split(
    ' ',
  )

describe('frames', () => {
  test('are recognised, and a newer balancer may tell more', () => {
    expect(isFrame(frame)).toBe(true)
    expect(isFrame({ ...frame, more: [1] })).toBe(true)
  })

  test('of an older balancer, which tells less, are recognised', () => {
    const older = JSON.parse(JSON.stringify(frame), (key, value: unknown) => (NEWER.includes(key) ? undefined : value))
    expect(JSON.stringify(older)).not.toContain('"why"')
    expect(isFrame(older)).toBe(true)
  })

  test('of other shapes are not drawn', () => {
    for (const wrong of [
      undefined,
      null,
      '',
      0,
      [],
      {},
      { pools: 'web' },
      { ...frame, pools: [null] },
      { ...frame, totals: null },
    ])
      expect(isFrame(wrong)).toBe(false)
  })

  test('with an object where a number or a text belongs are refused, wherever it is', () => {
    // What no screen reads.
    const unread =
      /^(?:reverted|passed|ok|requests|connections|tunnels|process|residentBytes|cpuRatio|retriesPerSecond)$/
    for (const path of placesIn(frame).filter((path) => !unread.test(path.at(-1) ?? ''))) {
      expect([path, isFrame(replaced(frame, path, { evil: true }))]).toEqual([path, false])
    }
  })
})

describe('greetings and events', () => {
  test('are recognised', () => {
    expect(isHello(JSON.parse(JSON.stringify(sampleHello)))).toBe(true)
    for (const wrong of [
      null,
      {},
      { protocol: '1' },
      { ...sampleHello, boundsMs: [1, 'x'] },
      { ...sampleHello, version: 1 },
    ])
      expect(isHello(wrong)).toBe(false)
  })

  test('events of kinds to come are kept with their fields', () => {
    expect(readEvent(3, { at: 5, kind: 'new-kind', pool: 'web' })).toEqual({
      id: 3,
      at: 5,
      kind: 'new-kind',
      fields: { pool: 'web' },
    })
    for (const wrong of [null, [], 'x', { kind: 'a' }, { at: 1 }, { at: '1', kind: 'a' }])
      expect(readEvent(1, wrong)).toBeUndefined()
    expect(readEvent(Number.NaN, { at: 1, kind: 'a' })).toBeUndefined()
  })
})
