import { describe, expect, test } from 'bun:test'
import { createEvents } from '../../../core/lab/events.ts'
import { type Discipline, fifo, infinite, processorSharing } from '../../../core/lab/stations.ts'

/** Arrivals as [at, work], and when each is done, in the order of arrival. */
function endsOf(discipline: Discipline, arrivals: readonly (readonly [at: number, workMs: number])[]): number[] {
  const events = createEvents()
  const station = discipline(events)
  const ends: number[] = []
  arrivals.forEach(([at, workMs], index) => {
    events.at(at, () =>
      station(
        () => workMs,
        () => {
          ends[index] = events.now
        },
      ),
    )
  })
  while (events.next());
  return ends
}

describe('stations', () => {
  test.each<[string, Discipline, number[]]>([
    ['infinite', infinite, [10, 6, 5]],
    ['fifo', fifo(), [10, 14, 15]],
    ['fifo at two servers', fifo(2), [10, 6, 7]],
    // The last has a third of the server till 7, the one before half of it from then to 11.
    ['processorSharing', processorSharing, [15, 11, 7]],
  ])('%s', (_, discipline, ends) => {
    const arrivals = [
      [0, 10],
      [2, 4],
      [4, 1],
    ] as const
    expect(endsOf(discipline, arrivals).map((end) => Math.round(end * 1e6) / 1e6)).toEqual(ends)
  })

  test('ask for the work as it begins, not as it comes', () => {
    const events = createEvents()
    const station = fifo()(events)
    const begun: number[] = []
    for (let count = 0; count < 3; count += 1) {
      station(
        (startsAt) => {
          begun.push(startsAt)
          return 10
        },
        () => undefined,
      )
    }
    expect(begun).toEqual([0, 10, 20])
  })

  test('processorSharing takes a newcomer from the very event that ends another', () => {
    const events = createEvents()
    const station = processorSharing(events)
    const ends: number[] = []
    const done = (): void => {
      ends.push(events.now)
      if (ends.length < 3) station(() => 5, done)
    }
    station(() => 5, done)
    while (events.next());
    expect(ends).toEqual([5, 10, 15])
  })
})
