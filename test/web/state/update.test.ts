import { describe, expect, test } from 'bun:test'
import type { Command } from '../../../core/view/commands.ts'
import { resourcePath } from '../../../web/state/resources.ts'
import { type AppState, initialState } from '../../../web/state/state.ts'
import { type Effect, type Message, update } from '../../../web/state/update.ts'
import { sampleFrames, sampleHello } from '../../support/feed-frames.ts'

const start = initialState({ view: 'overview', now: 0, theme: 'auto', hasToken: false })
const [frame] = sampleFrames(1)
if (frame === undefined) throw new Error('no frame')

/** The state after all of it, and everything that was to be done. */
function play(messages: readonly Message[], from: AppState = start): { state: AppState; effects: readonly Effect[] } {
  let state = from
  const effects: Effect[] = []
  for (const message of messages) {
    const updated = update(state, message)
    state = updated.state
    effects.push(...updated.effects)
  }
  return { state, effects }
}

const drain: Command = { kind: 'drain', pool: 'web', backend: 'a:80' }
const unauthorized = { kind: 'refused', status: 401, reason: 'it takes a token', body: undefined } as const
const live: readonly Message[] = [
  { kind: 'hello', hello: sampleHello },
  { kind: 'frame', frame },
]

describe('a command', () => {
  test('is asked about first, and sent when that is confirmed', () => {
    const asked = play([{ kind: 'ask', command: drain }])
    expect(asked.state.dialog).toEqual({ kind: 'confirm', command: drain, foresight: undefined })
    expect(asked.effects).toEqual([])
    const sent = play([{ kind: 'confirmed', command: drain }], asked.state)
    expect(sent.state).toMatchObject({ dialog: undefined })
    expect(sent.effects).toEqual([{ kind: 'send', command: drain }])
  })

  test.each([
    [{ kind: 'ok', body: { generation: 7 } }, 'good', 'a:80 drains: generation 7.'],
    [{ kind: 'refused', status: 409, reason: 'mend the file', body: undefined }, 'bad', 'Not done: mend the file'],
    [{ kind: 'unreachable', reason: 'it is away' }, 'bad', 'Not done: it is away'],
  ] as const)('that is answered %j is told', (answer, tone, text) => {
    const { state } = play([
      { kind: 'confirmed', command: drain },
      { kind: 'answered', command: drain, answer },
    ])
    expect(state.notice).toMatchObject({ tone, text })
    const later = play([{ kind: 'tick', now: 60_000 }], state)
    expect(later.state.notice).toBeUndefined()
  })

  test('that wants a token is sent again with the one that is given', () => {
    const refused = play([
      { kind: 'confirmed', command: drain },
      { kind: 'answered', command: drain, answer: unauthorized },
    ])
    expect(refused.state.dialog).toEqual({ kind: 'token', told: 'it takes a token', next: drain })
    const { state, effects } = play([{ kind: 'token', token: ' secret ' }], refused.state)
    expect(state).toMatchObject({ hasToken: true, dialog: undefined })
    expect(effects).toEqual([
      { kind: 'keep-token', token: 'secret' },
      { kind: 'send', command: drain },
    ])
  })

  test('that had a wrong token is told so in one plain sentence, and the token goes', () => {
    const answered: Message = { kind: 'answered', command: drain, answer: unauthorized }
    const { state, effects } = play([answered], { ...start, hasToken: true })
    expect(state).toMatchObject({
      hasToken: false,
      dialog: { kind: 'token', told: 'That is not the token of this balancer.', next: drain },
    })
    expect(effects).toEqual([{ kind: 'keep-token', token: undefined }])
  })

  test('is not sent again when its question for the token is closed', () => {
    const { state } = play([
      { kind: 'confirmed', command: drain },
      { kind: 'answered', command: drain, answer: unauthorized },
      { kind: 'close' },
    ])
    const { effects } = play([{ kind: 'token', token: 'secret' }], state)
    expect(effects).toEqual([{ kind: 'keep-token', token: 'secret' }])
  })

  test('shows that the token was wrong, which is forgotten', () => {
    const { effects, state } = play(
      [{ kind: 'answered', command: drain, answer: unauthorized }],
      play([{ kind: 'token', token: 'guess' }]).state,
    )
    expect(effects).toEqual([{ kind: 'keep-token', token: undefined }])
    expect(state.hasToken).toBe(false)
  })

  test.each([
    [{ kind: 'reload' }, '/api/config/plan'],
    [{ kind: 'rollback' }, '/api/rollback/plan'],
  ] as const)('%j tells first what it would change', (command, path) => {
    const asked = play([{ kind: 'ask', command }])
    expect(asked.effects).toEqual([{ kind: 'foresee', command, path }])
    expect(asked.state.dialog).toMatchObject({ foresight: { kind: 'asked' } })
    const answer = { kind: 'ok', body: { changes: [{ key: 'pools.web', text: 'gone' }] } } as const
    const told = play([{ kind: 'foreseen', command, answer }], asked.state)
    expect(told.state.dialog).toMatchObject({ foresight: { kind: 'told', lines: ['pools.web: gone'] } })
    // What comes too late is of no question any more.
    const closed = play([{ kind: 'close' }, { kind: 'foreseen', command, answer }], asked.state)
    expect(closed.state.dialog).toBeUndefined()
  })
})

describe('the stream', () => {
  test('is followed anew with the token that it wanted', () => {
    const out = play([{ kind: 'locked-out', reason: 'it takes a token' }])
    expect(out.state).toMatchObject({ link: { kind: 'refused' }, dialog: { kind: 'token', next: undefined } })
    const { state, effects } = play([{ kind: 'token', token: 'secret' }], out.state)
    expect(state.link).toEqual({ kind: 'connecting' })
    expect(effects).toEqual([{ kind: 'keep-token', token: 'secret' }, { kind: 'follow' }])
  })

  test('is left while nobody looks, and joined again', () => {
    const hidden = play([...live, { kind: 'seen', isVisible: false }])
    expect([hidden.state.link, hidden.effects]).toEqual([{ kind: 'resting' }, [{ kind: 'rest' }]])
    // Twice is once.
    expect(play([{ kind: 'seen', isVisible: false }], hidden.state).effects).toEqual([])
    const back = play([{ kind: 'seen', isVisible: true }], hidden.state)
    expect([back.state.link, back.effects]).toEqual([{ kind: 'connecting' }, [{ kind: 'follow' }]])
    expect(play([{ kind: 'seen', isVisible: true }], play(live).state).effects).toEqual([])
  })

  test('that was refused is left alone until somebody asks for it', () => {
    const { state } = play([{ kind: 'refused', reason: 'another version' }])
    expect(play([{ kind: 'seen', isVisible: false }], state).effects).toEqual([])
    expect(play([{ kind: 'retry' }], state).effects).toEqual([{ kind: 'follow' }])
  })

  test.each([
    ['another generation', { number: 2, at: 2000, origin: 'api', summary: '' }],
    ['another start', { number: 1, at: 9000, origin: 'start', summary: '' }],
  ])('tells by %s that what is shown is old', (_, generation) => {
    const first = { ...frame, generation: { number: 1, at: 1000, origin: 'start', summary: '' } }
    const shown = play([...live, { kind: 'frame', frame: first }, { kind: 'go', view: 'config' }]).state
    const same = play([{ kind: 'frame', frame: first }], shown)
    expect(same.effects).toEqual([])
    const next = play([{ kind: 'frame', frame: { ...first, generation } }], shown)
    expect(next.effects).toEqual([
      { kind: 'fetch', resource: 'config' },
      { kind: 'fetch', resource: 'generations' },
    ])
  })
})

describe('what is looked at', () => {
  test.each([
    ['overview', []],
    ['latency', []],
    ['requests', ['explain']],
    ['history', ['reloads']],
    ['config', ['config', 'generations']],
    ['limits', ['status']],
  ] as const)('%s asks for %j, and closes what lay over the page', (view, resources) => {
    const { state, effects } = play([
      { kind: 'open', dialog: { kind: 'shortcuts' } },
      { kind: 'go', view },
    ])
    expect(state).toMatchObject({ view, dialog: undefined })
    expect(effects).toEqual(resources.map((resource) => ({ kind: 'fetch', resource })))
  })

  test('is asked for again every five seconds where the stream does not tell it, unless frozen', () => {
    const shown = play([...live, { kind: 'go', view: 'requests' }]).state
    const ticks: readonly Message[] = Array.from({ length: 10 }, (_, index) => ({
      kind: 'tick',
      now: (index + 1) * 1000,
    }))
    expect(play(ticks, shown).effects).toHaveLength(2)
    expect(play([{ kind: 'freeze' }, ...ticks], shown).effects).toEqual([])
  })

  test('stands still while frozen, and goes on', () => {
    const frozen = play([...live, { kind: 'freeze' }]).state
    expect(frozen.frozen?.frame).toBe(frame)
    const [, later = frame] = sampleFrames(2)
    const { state } = play([{ kind: 'frame', frame: later }], frozen)
    expect([state.frozen?.frame, state.live.frame]).toEqual([frame, later])
    expect(play([{ kind: 'freeze' }], state).state.frozen).toBeUndefined()
    // There is nothing to freeze before anything was seen.
    expect(play([{ kind: 'freeze' }]).state.frozen).toBeUndefined()
  })

  test('of explained requests is asked for anew with each choice, of colours kept', () => {
    expect(play([{ kind: 'choose', choices: { status: '5xx' } }]).effects).toEqual([
      { kind: 'fetch', resource: 'explain' },
    ])
    expect(play([{ kind: 'choose', choices: { theme: 'dark' } }]).effects).toEqual([
      { kind: 'keep-theme', theme: 'dark' },
    ])
    expect(play([{ kind: 'choose', choices: { filter: 'x' } }]).effects).toEqual([])
  })

  test('of explained requests is what was chosen last, whichever answer comes last', () => {
    const fetched = (status: string, body: string): Message => ({
      kind: 'fetched',
      resource: 'explain',
      path: resourcePath('explain', { status, slowerMs: 0 }),
      answer: { kind: 'ok', body },
    })
    const { state } = play([
      { kind: 'choose', choices: { status: '4xx' } },
      { kind: 'choose', choices: { status: '5xx' } },
      fetched('5xx', 'wanted'),
      fetched('4xx', 'late'),
    ])
    expect(state.fetched.explain).toEqual({ kind: 'ok', body: 'wanted' })
  })
})
