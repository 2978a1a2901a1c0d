// Several balancers watched at once: the sum, each, who is away, and whom an action is for.
import { describe, expect, test } from 'bun:test'
import { targetWords } from '../../../cli/top/choose-edge.ts'
import { verdictOf } from '../../../core/view/findings.ts'
import { choicesFor } from '../../../cli/top/palette.ts'
import { shownOf, silenceMs, type UiState } from '../../../cli/top/state.ts'
import { quantile } from '../../../core/view/steps.ts'
import type { Fed, Message } from '../../../cli/top/update.ts'
import { eventWords } from '../../../cli/top/words.ts'
import { scaleBoundsMs, scaleIndex } from '../../../core/observe/scale.ts'
import type { Frame } from '../../../core/report/frame.ts'
import { backendFrame, frameOf, poolFrame, sampleHello, sampleStart } from '../../support/feed-frames.ts'
import { bothSeen, edgeNames, from, severalEdges, tick } from '../../support/several-edges.ts'
import { keys, play } from '../../support/ui-state.ts'

const [first, second] = edgeNames
const lost = (reason = 'nothing listens there'): Fed => ({ kind: 'lost', how: 'unreachable', reason, retryMs: 500 })
const after = (...messages: readonly Message[]): UiState => play(bothSeen(), messages).state

/** One backend that answered `count` times after `ms`. */
const counting = (ms: number, count: number, at: number): Fed => ({
  kind: 'frame',
  frame: frameOf([poolFrame('web', [backendFrame({ id: 'a:1', histogram: [scaleIndex(ms * 1000), count] })])], { at }),
})

describe('all edges', () => {
  test('are shown as their sum', () => {
    const { frame } = shownOf(bothSeen())
    const [one, two] = bothSeen().edges.map(({ seen }) => seen.frame?.totals.requestsPerSecond ?? 0)
    expect(one).toBeGreaterThan(0)
    expect(frame?.totals.requestsPerSecond).toBeCloseTo((one ?? 0) + (two ?? 0))
    expect(frame?.pools.map(({ name }) => name)).toEqual(['web', 'api'])
    // A step a second, as with one.
    expect(shownOf(bothSeen()).history.length).toBe(bothSeen().edges[0]?.seen.history.length ?? 0)
  })

  test('have the percentiles of all answers, and no mean of percentiles', () => {
    const hello = { kind: 'hello', hello: sampleHello } as const
    // 99 answers of 1 ms at one, 100 of 100 ms at the other: the median is 100 ms, and not 50.
    const { state } = play(severalEdges(), [
      ...from(0, hello),
      ...from(1, hello, counting(100, 100, 0)),
      ...from(0, counting(1, 99, 0)),
    ])
    const { frame } = shownOf(state)
    for (const latency of [frame?.totals.latency, frame?.pools[0]?.latency, frame?.pools[0]?.backends[0]?.latency]) {
      expect(latency?.count).toBe(199)
      expect(latency?.p50Ms).toBeWithin(93, 108)
      // Within a step of the scale of what one list of them all would say.
      const all = [scaleIndex(1000), 99, scaleIndex(100_000), 100]
      expect(latency?.p99Ms).toBeCloseTo(quantile(all, 0.99, scaleBoundsMs) ?? 0, 0)
    }
  })

  test('forget what is older than ten seconds', () => {
    const hello = { kind: 'hello', hello: sampleHello } as const
    const begun = play(severalEdges(), [...from(0, hello, counting(1, 50, 0))]).state
    const later = (ms: number) =>
      play(begun, [tick(begun.now + ms), ...from(0, counting(2, 1, ms))]).state.live.frame?.totals.latency?.count
    expect([later(9999), later(10_000)]).toEqual([51, 1])
  })

  test('leave out counts on another scale', () => {
    const odd = { ...sampleHello, boundsMs: [0, 1, 2, 4] }
    const { state } = play(severalEdges(), [
      ...from(0, { kind: 'hello', hello: sampleHello }),
      ...from(1, { kind: 'hello', hello: odd }, counting(1, 1000, 0)),
      ...from(0, counting(1, 7, 0)),
    ])
    expect(state.live.frame?.totals.latency?.count).toBe(7)
  })

  test('tell events of each, the newest first, whose they are', () => {
    const event = (id: number, at: number): Fed => ({ kind: 'event', entry: { id, at, kind: 'ready', fields: {} } })
    const { events } = after(...from(0, event(1, 100)), ...from(1, event(1, 300)), ...from(0, event(2, 200))).live
    expect(events.map(({ at, edge }) => [at, edge])).toEqual([
      [300, second],
      [200, first],
      [100, first],
    ])
    expect(new Set(events.map(({ id }) => id)).size).toBe(3)
    expect(eventWords(events[0] ?? { id: 0, at: 0, kind: '', fields: {} }).message).toStartWith(`${second} `)
  })
})

describe('one that is away', () => {
  /** A while without a word of the second. */
  const silent = (): UiState =>
    [1, 2, 3].reduce(
      (state, seconds) =>
        play(state, [tick(sampleStart + seconds * 1000), ...from(0, { kind: 'frame', frame: newest() })]).state,
      bothSeen(),
    )
  const newest = (): Frame => bothSeen().edges[0]?.seen.frame ?? frameOf([])

  test('is no part of the sum, and the others go on', () => {
    const state = silent()
    expect(state.live.frame?.totals.requestsPerSecond).toBe(newest().totals.requestsPerSecond)
    expect(silenceMs(state)).toBeUndefined()
    expect(state.link.kind).toBe('live')
  })

  test('is told first, silent or lost, since when', () => {
    for (const state of [
      silent(),
      play(after(...from(1, lost())), from(0, { kind: 'frame', frame: newest() })).state,
    ]) {
      const [worst] = state.live.findings
      expect(worst).toMatchObject({ kind: 'away', edge: second })
      const { wordings } = verdictOf(state.live.findings.slice(0, 1), newest(), () => '12:00:00')
      expect(wordings[0]).toStartWith(`${second} is unwell since 12:00:00: it is away (`)
    }
  })

  test('is back with its next frame', () => {
    const state = play(silent(), [
      ...from(1, { kind: 'frame', frame: newest() }),
      ...from(0, { kind: 'frame', frame: newest() }),
    ]).state
    expect(state.live.findings.map(({ kind }) => kind)).not.toContain('away')
    expect(state.live.frame?.totals.requestsPerSecond).toBeCloseTo(2 * newest().totals.requestsPerSecond)
  })

  test('is lost for good when it refuses, and ends nothing', () => {
    const refused = play(bothSeen(), from(1, { kind: 'refused', reason: 'a token, please' }))
    expect(refused.effects).toEqual([])
    expect(refused.state.edges[1]?.link).toMatchObject({ kind: 'lost', reason: 'a token, please', retryAt: Infinity })
  })

  test('all of them away: the picture is old', () => {
    const state = after(...from(0, lost('a')), ...from(1, lost('b')), tick(sampleStart + 4000))
    expect(state.link).toMatchObject({ kind: 'lost', reason: 'all 2 edges: a, b' })
    expect(silenceMs(state)).toBe(4000)
    expect(after(...from(0, lost()), ...from(1, lost())).link).toMatchObject({
      reason: 'all 2 edges: nothing listens there',
    })
  })
})

describe('what is wrong', () => {
  const sick = frameOf([
    poolFrame('web', [backendFrame({ id: 'a:1', state: 'unhealthy', reason: 'refused' }), backendFrame()]),
  ])
  const well = frameOf([poolFrame('web', [backendFrame({ id: 'a:1' }), backendFrame()])])
  const seen = (one: Frame, two: Frame): UiState =>
    play(severalEdges(), [...from(1, { kind: 'frame', frame: two }), ...from(0, { kind: 'frame', frame: one })]).state

  test('is told once where it is so at each, else with its place', () => {
    expect(seen(sick, sick).live.findings.map(({ kind, place }) => [kind, place])).toEqual([['down', undefined]])
    expect(seen(well, sick).live.findings.map(({ kind, place }) => [kind, place])).toEqual([['down', `at ${second}`]])
    const { findings, frame } = seen(sick, well).live
    expect(verdictOf(findings, frame ?? sick, () => 'T').wordings[1]).toBe(
      `web is unwell since T: a:1 is down at ${first}`,
    )
  })

  test('of a balancer itself is told of that one', () => {
    const { findings, frame } = seen(frameOf([], { shedding: true }), well).live
    expect(findings[0]).toMatchObject({ kind: 'overloaded', edge: first })
    expect(verdictOf(findings, frame ?? well, () => 'T').wordings[1]).toStartWith(
      `${first} is unwell since T: it is overloaded`,
    )
  })
})

describe('choosing', () => {
  const shown = (state: UiState): number | undefined => state.chosen

  test('e goes through all and each, E back', () => {
    expect(
      [[], ['e'], ['e', 'e'], ['e', 'e', 'e'], ['E'], ['e', 'E']].map((names) => shown(after(...keys(...names)))),
    ).toEqual([undefined, 0, 1, undefined, 1, undefined])
    const one = after(...keys('e', 'e'))
    expect(shownOf(one)).toBe(one.edges[1]?.seen as never)
  })

  test('the palette offers each by name', () => {
    const texts = choicesFor(bothSeen(), 'edge').map(({ text }) => text)
    expect(texts).toEqual([`edge ${first}`, `edge ${second}`, 'all edges'])
    expect(shown(after(...keys(':', 'edge 10.0.0.2', 'enter')))).toBe(1)
    expect(shown(after(...keys('e', ':', 'all edges', 'enter')))).toBeUndefined()
  })

  test('thaws a picture, which is of the one before', () => {
    expect(after(...keys('f', 'e')).frozen).toBeUndefined()
  })

  test('the sum goes on meanwhile', () => {
    const state = after(...keys('e'))
    const frame = frameOf([], { at: sampleStart + 250 })
    const later = play(state, [tick(sampleStart + 250), ...from(0, { kind: 'frame', frame })]).state
    expect(later.together.seen.frameAt).toBe(sampleStart + 250)
  })
})

describe('an action', () => {
  const drained = { generation: { number: 3 } }
  const answer = (state: UiState, edge: number, body: unknown = drained): Message => {
    const { asked } = state
    if (asked === undefined) throw new Error('nobody was asked')
    return { kind: 'answer', command: asked.command, answer: { kind: 'ok', body }, edge }
  }
  const refused = (state: UiState, edge: number): Message => {
    const message = answer(state, edge)
    return { ...message, answer: { kind: 'refused', reason: '503: no' } } as Message
  }

  test('is for all that have what it is about, after a question that says so', () => {
    const asking = after(...keys('d'))
    if (asking.mode.kind !== 'confirm') throw new Error('nothing is asked')
    expect(targetWords(asking, asking.mode.command)).toBe('All 2 edges: ')
    const { effects } = play(asking, keys('y'))
    expect(effects.map((effect) => effect.kind === 'send' && effect.edge)).toEqual([0, 1])
    expect(play(asking, keys('n')).effects).toEqual([])
  })

  test('is for the chosen one alone', () => {
    const asking = after(...keys('e', 'e', 'd'))
    if (asking.mode.kind !== 'confirm') throw new Error('nothing is asked')
    expect(targetWords(asking, asking.mode.command)).toBe(`${second}: `)
    expect(play(asking, keys('y')).effects).toMatchObject([{ kind: 'send', edge: 1 }])
  })

  test('asks the chosen one alone what it would come to', () => {
    const plans = (...names: string[]) =>
      play(bothSeen(), keys(...names)).effects.filter(({ kind }) => kind === 'foresee')
    expect(plans('r')).toEqual([])
    expect(plans('e', 'e', 'r')).toMatchObject([{ edge: 1 }])
  })

  test('leaves out who is away, or has no such backend', () => {
    const other = frameOf([poolFrame('web', [backendFrame({ id: 'other' })])])
    for (const message of [lost(), { kind: 'frame', frame: other } as const]) {
      const asking = after(...from(1, message), ...keys('d'))
      if (asking.mode.kind !== 'confirm') throw new Error('nothing is asked')
      expect(targetWords(asking, asking.mode.command)).toBe(`${first}: `)
      expect(play(asking, keys('y')).effects).toMatchObject([{ kind: 'send', edge: 0 }])
    }
    const alone = play(after(...from(0, lost()), ...from(1, lost()), ...keys('r')), keys('y'))
    expect([alone.effects, alone.state.notice?.tone]).toEqual([[], 'bad'])
  })

  test('is answered when all have, with what failed where', () => {
    const asked = after(...keys('d', 'y'))
    const half = play(asked, [answer(asked, 0)]).state
    expect(half.notice?.text).toBe('Asked 2 edges.')
    expect(play(half, [answer(asked, 1)]).state).toMatchObject({
      asked: undefined,
      notice: { tone: 'good', text: 'localhost:8102 drains, at 2 edges.' },
    })
    expect(play(half, [refused(asked, 1)]).state.notice).toMatchObject({
      tone: 'bad',
      text: `${second}: Not done: 503: no; done at 1 of 2.`,
    })
  })
})
