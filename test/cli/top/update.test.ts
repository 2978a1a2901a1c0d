import { describe, expect, test } from 'bun:test'
import { whyNothing } from '../../../cli/top/palette.ts'
import { rowIds } from '../../../cli/top/rows.ts'
import { initialState, silenceMs, type UiState } from '../../../cli/top/state.ts'
import { maxEvents } from '../../../core/view/seen.ts'
import type { Message } from '../../../cli/top/update.ts'
import { frameOf, sampleHello, sampleStart } from '../../support/feed-frames.ts'
import { keys, play, sampleState } from '../../support/ui-state.ts'

const press = (state: UiState, ...names: readonly string[]) => play(state, keys(...names))
const after = (...names: readonly string[]) => press(sampleState(), ...names).state

describe('looking round', () => {
  test('number keys, tab and arrows open screens', () => {
    const opened = ['1', '2', '3', '4', '5', '6', '7'].map((key) => after(key).screen)
    expect(opened).toEqual(['overview', 'backends', 'latency', 'pools', 'events', 'strategies', 'explain'])
    expect(after('tab').screen).toBe('backends')
    expect(after('shift-tab').screen).toBe('explain')
    expect(after('right', 'left').screen).toBe('overview')
    // In Latency they choose what is shown.
    expect(after('3', 'right', 'left', 'right')).toMatchObject({ screen: 'latency', subject: 'web' })
    expect(after('l', 'h').screen).toBe('overview')
  })

  test('the cursor moves, stops at both ends and follows its row', () => {
    expect(after('j').selected.overview).toBe('web/localhost:8103')
    expect(after('down', 'up', 'up', 'k').selected.overview).toBe('web/localhost:8102')
    expect(after('G').selected.overview).toBe('web/localhost:8104')
    expect(after('pagedown', 'g').selected.overview).toBe('web/localhost:8102')
    // Sorted otherwise, the cursor is on the same backend.
    expect(after('j', 's').selected.overview).toBe('web/localhost:8103')
  })

  test('Enter looks into a row, Esc comes back a step at a time', () => {
    expect(after('enter').drill).toEqual({ pool: 'web', backend: 'localhost:8102' })
    expect(after('enter', 'escape').drill).toBeUndefined()
    expect(after('4', 'enter').drill).toEqual({ pool: 'web', backend: undefined })
    expect(after('4', 'enter', 'enter').drill).toMatchObject({ pool: 'web' })
    expect(after('4', 'enter', 'enter', 'escape').drill).toEqual({ pool: 'web', backend: undefined })
    expect(after('4', 'escape').screen).toBe('overview')
    expect(after('enter', '3').subject).toBe('web/localhost:8102')
  })

  test('Esc clears the filter before it leaves the screen', () => {
    const filtered = after('2', '/', 'a', 'p', 'i', 'enter', '!')
    expect(filtered).toMatchObject({ filter: 'api', faultsOnly: true, screen: 'backends' })
    expect(press(filtered, 'escape').state).toMatchObject({ filter: '', faultsOnly: false, screen: 'backends' })
  })

  test('the filter applies while typed, Esc restores the old one', () => {
    expect(after('/', 'a', 'p').filter).toBe('ap')
    expect(after('/', 'a', 'p', 'backspace').filter).toBe('a')
    expect(after('/', 'a', 'enter', '/', 'b', 'escape').filter).toBe('a')
    expect(after('/', 'ctrl-u', 'q').filter).toBe('q')
    expect(after('/', 'x'.repeat(5000)).filter).toHaveLength(100)
    expect(after('/', 'a\u001B[2Jb\n').filter).toBe('a[2Jb')
  })

  test('a filter for backends leaves the pools that have them', () => {
    expect(rowIds(after('4', '/', '8', '1', '0', '3', 'enter'))).toEqual(['web'])
    expect(rowIds(after('4', '/', 'a', 'p', 'i', 'enter'))).toEqual(['api'])
    expect(rowIds(after('2', '/', 'd', 'r', 'a', 'i', 'n', 'enter'))).toEqual(['api/10.0.0.2:80'])
    expect(rowIds(after('2', '!'))).toEqual(['web/localhost:8102', 'web/localhost:8103', 'api/10.0.0.2:80'])
  })

  test('s and S go through the orders', () => {
    expect(after('s').sort).toBe('name')
    expect(after('s', 's', 's', 's', 's', 's', 's', 's', 's').sort).toBe('trouble')
    expect(after('S').descending).toBe(true)
    expect(after('S', 's').descending).toBe(false)
  })

  test('+ and - change the window within its bounds', () => {
    expect(after('-').spanIndex).toBe(0)
    expect(after('+', '=', '+', '+').spanIndex).toBe(2)
    expect(after('+', '-').spanIndex).toBe(0)
  })

  test('o holds one distribution over the next', () => {
    expect(after('3', 'l', 'o', 'l')).toMatchObject({ subject: 'web/localhost:8101', compared: 'web' })
    expect(after('3', 'o', 'o').compared).toBeUndefined()
    expect(after('o').compared).toBeUndefined()
  })

  test('any key closes the help, and does nothing else', () => {
    expect(after('?').mode.kind).toBe('help')
    const { state, effects } = press(sampleState(), '?', 'q')
    expect(state.mode.kind).toBe('browse')
    expect(effects).toEqual([])
  })

  test('keys that mean nothing, pasted text and lone control keys change nothing', () => {
    const state = sampleState()
    for (const key of ['x', 'Z', '9', '0', 'ctrl-k', 'drain everything', '€', '\u0000', 'toString', '__proto__'])
      expect(press(state, key).state).toBe(state)
  })

  test('q and Ctrl-C quit, Ctrl-Z suspends, from anywhere', () => {
    expect(press(sampleState(), 'q').effects).toEqual([{ kind: 'quit' }])
    for (const way of [[], ['/'], [':'], ['?'], ['d']]) {
      expect(press(sampleState(), ...way, 'ctrl-c').effects).toEqual([{ kind: 'quit' }])
      expect(press(sampleState(), ...way, 'ctrl-z').effects).toEqual([{ kind: 'suspend' }])
    }
    expect(press(sampleState(), '/', 'q').effects).toEqual([])
  })

  test('f holds the picture while the feed goes on', () => {
    const frozen = after('f')
    const frame = frameOf([], { at: sampleStart + 250 })
    const { state } = play(frozen, [{ kind: 'frame', frame }])
    expect(state.frozen?.frame?.at).toBe(sampleStart)
    expect(state.live.frame?.at).toBe(sampleStart + 250)
    expect(press(state, ' ').state.frozen).toBeUndefined()
    const empty = initialState({ urls: ['x'], readOnly: false, now: 0 })
    expect(press(empty, 'f').state.frozen).toBeUndefined()
  })
})

describe('acting', () => {
  const backend = { pool: 'web', backend: 'localhost:8102' }
  /** Without what only asks. */
  const sent = (state: UiState, ...names: readonly string[]) =>
    press(state, ...names).effects.filter(({ kind }) => kind !== 'foresee')

  test('each key asks, and only y sends', () => {
    for (const [key, command] of [
      ['d', { kind: 'drain', ...backend }],
      ['u', { kind: 'resume', ...backend }],
      ['c', { kind: 'check', ...backend }],
      ['r', { kind: 'reload' }],
      ['b', { kind: 'rollback' }],
    ] as const) {
      expect(sent(sampleState(), key)).toEqual([])
      expect(sent(sampleState(), key, 'y')).toEqual([{ kind: 'send', command, edge: 0 }])
      for (const other of ['n', 'escape', 'enter', ' ', key]) expect(sent(sampleState(), key, other)).toEqual([])
    }
  })

  test('a weight is typed, checked, then asked for', () => {
    const { effects, state } = press(sampleState(), 'w', '2', '.', '5', 'enter', 'y')
    expect(effects).toEqual([{ kind: 'send', command: { kind: 'weight', ...backend, weight: 2.5 }, edge: 0 }])
    expect(state.mode.kind).toBe('browse')
    for (const wrong of ['', '0', '-1', '1e9', 'NaN', '1.2.3', '9999999', 'two']) {
      const { state, effects } = press(sampleState(), 'w', wrong, 'enter')
      expect(state.mode.kind).toBe('browse')
      expect(state.notice?.tone).toBe('bad')
      expect(effects).toEqual([])
    }
    expect(press(sampleState(), 'w', '2', 'escape').state.mode.kind).toBe('browse')
  })

  test('t offers the strategies of the pool under the cursor', () => {
    const { effects } = press(sampleState(), '4', 'j', 't', 'e', 'w', 'm', 'a', 'enter', 'y')
    expect(effects).toEqual([
      { kind: 'send', command: { kind: 'strategy', pool: 'api', strategy: 'peak-ewma' }, edge: 0 },
    ])
  })

  test('acts on what is looked into, not on what is listed', () => {
    const { effects } = press(sampleState(), 'j', 'enter', 'd', 'y')
    expect(effects).toEqual([
      { kind: 'send', command: { kind: 'drain', pool: 'web', backend: 'localhost:8103' }, edge: 0 },
    ])
  })

  test('without a backend a key says what to do first', () => {
    for (const key of ['d', 'u', 'c', 'w']) {
      const { state, effects } = press(sampleState(), '5', key)
      expect(state.notice?.text).toContain('Choose a backend')
      expect(effects).toEqual([])
    }
    const empty = initialState({ urls: ['x'], readOnly: false, now: 0 })
    expect(press(empty, 'd', 'y', 't', 'y').effects).toEqual([])
  })

  test('--read-only has none of them, in the palette neither', () => {
    const state = sampleState({ readOnly: true })
    for (const key of ['d', 'u', 'c', 'w', 't', 'r', 'b']) {
      const pressed = press(state, key, 'y')
      expect(pressed.effects).toEqual([])
      expect(pressed.state.notice?.text).toContain('--read-only')
    }
    for (const text of ['drain web/localhost:8101', 'reload', 'weight web/localhost:8101 2'])
      expect(press(state, ':', text, 'enter', 'y').effects).toEqual([])
  })

  test('says what came of it, until it is old news', () => {
    const command = { kind: 'drain', ...backend } as const
    const answers: readonly (readonly [Message & { kind: 'answer' }, string])[] = [
      [
        { kind: 'answer', command, answer: { kind: 'ok', body: { generation: { number: 43 } } } },
        'localhost:8102 drains: generation 43.',
      ],
      [
        { kind: 'answer', command, answer: { kind: 'unreachable', reason: 'nothing listens there' } },
        'Not done: nothing listens there',
      ],
      [{ kind: 'answer', command, answer: { kind: 'ok', body: null } }, 'localhost:8102 drains.'],
    ]
    for (const [answer, text] of answers) expect(play(sampleState(), [answer]).state.notice?.text).toBe(text)
    const told = play(sampleState(), [answers[0]?.[0] as Message]).state
    expect(play(told, [{ kind: 'tick', now: sampleStart + 7999 }]).state.notice).toBeDefined()
    expect(play(told, [{ kind: 'tick', now: sampleStart + 8000 }]).state.notice).toBeUndefined()
  })
})

describe('the palette', () => {
  test('finds by any words and goes there', () => {
    expect(after(':', 'strat', 'enter').screen).toBe('strategies')
    expect(after(':', 'web', ' ', '8103', 'enter').drill).toEqual({ pool: 'web', backend: 'localhost:8103' })
    expect(after(':', 'down', 'enter').screen).toBe('backends')
    expect(after(':', 'faults', 'enter').faultsOnly).toBe(true)
    expect(after(':', 'wea', 'escape').mode.kind).toBe('browse')
  })

  test('stays open on what it does not know', () => {
    const { state, effects } = press(sampleState(), ':', 'no such thing', 'enter', 'down', 'tab')
    expect(state.mode).toMatchObject({ kind: 'palette', text: 'no such thing' })
    expect(effects).toEqual([])
  })

  test('completes with tab', () => {
    expect(after(':', 'rel', 'tab').mode).toMatchObject({ kind: 'palette', text: 'reload' })
  })

  test('takes a weight with its backend', () => {
    const { effects } = press(sampleState(), ':', 'weight web/localhost:8103 0.5', 'enter', 'y')
    expect(effects).toMatchObject([{ command: { kind: 'weight', backend: 'localhost:8103', weight: 0.5 } }])
    expect(press(sampleState(), ':', 'weight web/localhost:8103 -1', 'enter', 'y').effects).toEqual([])
  })

  test('tells a wrong weight of a backend from a wrong name', () => {
    const why = (text: string) => whyNothing(sampleState(), text)
    expect(why('weight web/localhost:8103 -5')).toBe('A weight is a number from 0.001 to 1000, such as 2 or 0.5.')
    for (const text of ['weight web/nobody 5', 'no such thing', ''])
      expect(why(text)).toBe('Nothing of that name; a weight is set with: weight POOL/BACKEND 2')
    expect(whyNothing(sampleState({ readOnly: true }), 'weight web/localhost:8103 -5')).toStartWith(
      'Nothing of that name',
    )
  })

  test('quits', () => expect(press(sampleState(), ':', 'quit', 'enter').effects).toEqual([{ kind: 'quit' }]))
})

describe('what comes from the balancer', () => {
  test('a lost connection keeps its beginning through every retry', () => {
    const lose = (now: number): Message[] => [
      { kind: 'tick', now: sampleStart + now },
      { kind: 'lost', how: 'unreachable', reason: 'reset', retryMs: 500 },
    ]
    const { state } = play(sampleState(), [...lose(1000), ...lose(2000)])
    expect(state.link).toEqual({
      kind: 'lost',
      reason: 'reset',
      since: sampleStart + 1000,
      retryAt: sampleStart + 2500,
    })
    const back = play(state, [{ kind: 'frame', frame: frameOf([]) }]).state
    expect(back.link.kind).toBe('live')
  })

  test('another process begins a new history, the same one goes on with it', () => {
    const again = play(sampleState(), [{ kind: 'hello', hello: sampleHello }]).state
    expect(again.live.history.length).toBeGreaterThan(50)
    const other = play(sampleState(), [{ kind: 'hello', hello: { ...sampleHello, pid: 1 } }]).state
    expect(other.live).toMatchObject({ history: [], events: [], findings: [] })
  })

  test('events are kept once, newest first, and not without bound', () => {
    const many = Array.from({ length: 500 }, (_, index): Message => ({
      kind: 'event',
      entry: { id: Math.floor(index / 2) + 10, at: 0, kind: 'fault', fields: {} },
    }))
    const { events } = play(sampleState(), many).state.live
    expect(events).toHaveLength(maxEvents)
    expect(events[0]?.id).toBe(259)
    expect(new Set(events.map(({ id }) => id)).size).toBe(maxEvents)
  })

  test('a refusal ends it with its reason', () => {
    const { effects } = play(sampleState(), [{ kind: 'refused', reason: 'it wants a token' }])
    expect(effects).toEqual([{ kind: 'quit', reason: 'it wants a token' }])
  })
})

describe('silence', () => {
  const at = (ms: number): Message => ({ kind: 'tick', now: sampleStart + ms })
  const lost: Message = { kind: 'lost', how: 'silent', reason: 'silent for 12 s', retryMs: 500 }

  test('is told of two seconds after the frame that should have come', () => {
    const { state } = play(sampleState(), [at(1000)])
    expect(silenceMs(state)).toBeUndefined()
    expect(silenceMs(play(state, [at(2000)]).state)).toBeUndefined()
    expect(silenceMs(play(state, [at(3000)]).state)).toBe(3000)
  })

  test('of a balancer with thousands of backends is told of later', () => {
    const frame = frameOf([], { intervalMs: 5000 })
    const { state } = play(sampleState(), [{ kind: 'frame', frame }, at(6000)])
    expect(silenceMs(state)).toBeUndefined()
    expect(silenceMs(play(state, [at(7000)]).state)).toBe(7000)
  })

  test('counts from the last frame, not from when the connection was given up', () => {
    const { state } = play(sampleState(), [at(12_000), lost, at(13_000)])
    expect(silenceMs(state)).toBe(13_000)
  })

  test('is over with the next frame', () => {
    const { state } = play(sampleState(), [at(12_000), lost, { kind: 'frame', frame: frameOf([]) }])
    expect(silenceMs(state)).toBeUndefined()
  })

  test('of who never spoke is none', () => {
    const first = initialState({ urls: ['http://127.0.0.1:9900'], readOnly: false, now: sampleStart })
    expect(silenceMs(play(first, [lost, at(60_000)]).state)).toBeUndefined()
  })
})

describe('the cursor', () => {
  test('stays with the backend that is acted on, though trouble sorts it elsewhere', () => {
    const asked = after('d')
    expect(asked.selected.overview).toBe('web/localhost:8102')
    expect(after('2', 'w').selected.backends).toBe('web/localhost:8102')
  })
})

describe('an event', () => {
  test('opens in full, is left by Esc, and by going elsewhere', () => {
    const opened = after('5', 'enter')
    expect([opened.screen, opened.isReading]).toEqual(['events', true])
    expect(press(opened, 'escape').state).toMatchObject({ screen: 'events', isReading: false })
    expect(press(opened, '2').state.isReading).toBe(false)
    expect(press(opened, 'down').state).toMatchObject({ isReading: true, selected: { events: '3' } })
  })
})
