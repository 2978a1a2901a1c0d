import { describe, expect, test } from 'bun:test'
import { countsOf, type History, longestHistory, record, seriesOf, subjectOf } from '../../../core/view/history.ts'
import { totalOf } from '../../../core/view/steps.ts'
import { backendFrame, frameOf, poolFrame, sampleStart } from '../../support/feed-frames.ts'

const frameAt = (at: number, requestsPerSecond = 10, backends = 1) =>
  frameOf(
    [
      poolFrame(
        'web',
        Array.from({ length: backends }, (_, index) =>
          backendFrame({ id: `b${index}`, requestsPerSecond, histogram: [40, 1, 41, 2] }),
        ),
      ),
    ],
    { at },
  )

const play = (frames: readonly ReturnType<typeof frameAt>[]): History => frames.reduce<History>(record, [])

describe('history', () => {
  test('keeps a step a second: the newest values, all counts', () => {
    const history = play([0, 250, 500, 750, 1000].map((ms) => frameAt(sampleStart + ms, ms)))
    expect(history).toHaveLength(2)
    expect(seriesOf(history, 'web', 60, (point) => point.requestsPerSecond)).toEqual([750, 1000])
    expect(countsOf(history, subjectOf('web', 'b0'), 60).map(totalOf)).toEqual([12, 3])
    expect(countsOf(history, '', 60).map(totalOf)).toEqual([12, 3])
  })

  test('shows a second without frames as nothing', () => {
    const history = play([0, 3000].map((ms) => frameAt(sampleStart + ms)))
    expect(seriesOf(history, '', 60, (point) => point.requestsPerSecond)).toEqual([10, 0, 0, 10])
  })

  test('spans no more than was asked for', () => {
    const history = play(Array.from({ length: 100 }, (_, index) => frameAt(sampleStart + index * 1000, index)))
    expect(seriesOf(history, '', 3, (point) => point.requestsPerSecond)).toEqual([97, 98, 99])
    expect(seriesOf(history, 'gone', 3, (point) => point.requestsPerSecond)).toEqual([0, 0, 0])
    expect(seriesOf([], '', 60, (point) => point.requestsPerSecond)).toEqual([])
  })

  test('is bounded after an hour, and shorter with many backends', () => {
    const hour = Array.from({ length: 3600 }, (_, index) => frameAt(sampleStart + index * 1000))
    expect(play(hour)).toHaveLength(longestHistory)
    const many = Array.from({ length: 300 }, (_, index) => frameAt(sampleStart + index * 1000, 1, 400))
    const kept = play(many)
    expect(kept.length).toBeLessThan(130)
    expect(kept.length).toBeGreaterThanOrEqual(60)
  })

  test('begins anew when the wall clock is set back', () => {
    const history = play([sampleStart, sampleStart + 1000, sampleStart - 60_000].map((at) => frameAt(at)))
    expect(history.map(({ at }) => at)).toEqual([sampleStart - 60_000])
  })
})
