import { expect, test } from 'bun:test'
import { type FeedUpdate, followFeed, type Opened } from '../../../core/view/follow.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

test('a stream that is asked for and never answered is given up, and asked for again', async () => {
  const clock = virtualClock()
  const updates: FeedUpdate[] = []
  const signals: AbortSignal[] = []
  const lost = Promise.withResolvers<void>()
  const stop = followFeed({
    open: (_, signal) =>
      new Promise<Opened>((_, reject) => {
        signals.push(signal)
        signal.addEventListener('abort', () => reject(new Error('cut')))
      }),
    lossOf: () => ({ how: 'unreachable', reason: 'cut' }),
    clock,
    onUpdate(update) {
      updates.push(update)
      lost.resolve()
    },
  })
  clock.advance(11_999)
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  clock.advance(1)
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  await lost.promise
  expect(updates).toEqual([{ kind: 'lost', how: 'silent', reason: 'silent for 12 s', retryMs: 500 }])
  clock.advance(500)
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  stop()
  expect(clock.pending()).toBe(0)
})
