/** The pictures of `smartedge top` that are held as text: for tests, and for the guide. Always the same. */
import type { Fed, Message } from '../../cli/top/update.ts'
import type { UiState } from '../../cli/top/state.ts'
import { frameOf, sampleFrames, sampleStart, wellScript } from './feed-frames.ts'
import { bothSeen, from, tick } from './several-edges.ts'
import { toldAttempt, toldExplanation, toldPick } from './told-explanation.ts'
import { frames, keys, play, sampleState } from './ui-state.ts'

export interface Picture {
  /** Also the name of its file. */
  readonly name: string
  readonly columns: number
  readonly rows: number
  readonly ascii?: boolean
  readonly state: () => UiState
}

const after = (...messages: readonly Message[]) => play(sampleState(), messages).state

const lost: Fed = { kind: 'lost', how: 'unreachable', reason: 'nothing listens there', retryMs: 4000 }

/** So many seconds before the frames end. */
const toldAt = (seconds: number): string => new Date(sampleStart - seconds * 1000).toISOString()

const newest = sampleFrames(1).at(-1)

const refusedReload: Message = {
  kind: 'frame',
  frame: frameOf(newest?.pools ?? [], {
    at: sampleStart,
    reload: {
      at: sampleStart - 4000,
      ok: false,
      origin: 'watch',
      problems: [
        'smartedge.config.json:12:19: pools.web.strategy must be a known name, got "p3c" (did you mean p2c?)',
        'backends.json:4:5: weight must be above 0, got -1',
      ],
    },
  }),
}

const toldCandidates = [
  { backend: 'localhost:8104', score: 406.3, inflight: 2, weight: 2, latencyMs: 8 },
  { backend: 'localhost:8101', score: 486.4, inflight: 4, weight: 1, latencyMs: 8 },
  { backend: 'localhost:8102', score: 612.3, inflight: 1, weight: 1, latencyMs: 9 },
]

/** Explained requests, the newest first. */
const explained: Message = {
  kind: 'explained',
  edge: 0,
  answer: {
    kind: 'ok',
    body: {
      sampling: { rate: 0.01, kept: 3, keep: 200, seen: 66_060 },
      explanations: [
        toldExplanation({
          id: 'x-3',
          at: toldAt(1),
          target: '/cart',
          durationMs: 8.21,
          attempts: [toldAttempt({ backend: 'localhost:8101' })],
        }),
        toldExplanation({
          id: 'x-2',
          at: toldAt(4),
          target: '/orders/8?token=***',
          durationMs: 9.04,
          attempts: [
            toldAttempt({
              backend: 'localhost:8103',
              outcome: 'failed: connect',
              status: null,
              firstByteMs: null,
              totalMs: 0.31,
              pick: null,
            }),
            toldAttempt({
              backend: 'localhost:8104',
              startMs: 0.4,
              firstByteMs: 8.6,
              totalMs: 8.6,
              pick: toldPick({
                strategy: 'expected-delay',
                why: 'expected-delay: would answer soonest',
                candidates: toldCandidates,
                excluded: [
                  { backend: 'localhost:8103', by: 'tried', why: 'was given this request before', untilMs: null },
                ],
                counts: { candidates: 3, excluded: 1 },
                drawn: ['localhost:8101'],
                chosen: 'localhost:8104',
                runnerUp: 'localhost:8101',
                others: [
                  { strategy: 'random', backend: 'localhost:8101' },
                  { strategy: 'p2c', backend: 'localhost:8104' },
                ],
              }),
            }),
          ],
        }),
        toldExplanation({
          id: 'x-1',
          at: toldAt(9),
          target: '/',
          status: 503,
          ending: 'refused',
          detail: 'no backend is usable',
          durationMs: 0.12,
          attempts: [],
        }),
      ],
    },
  },
}

const wellState = (): UiState => play(sampleState({ seconds: 0 }), frames(30, wellScript)).state

/** Of two balancers the second is away. */
function oneAway(): UiState {
  const { state } = play(bothSeen(), [...from(1, lost), tick(sampleStart + 4000)])
  const frame = state.edges[0]?.seen.frame
  return frame === undefined ? state : play(state, from(0, { kind: 'frame', frame })).state
}

const scenes: readonly (readonly [name: string, state: () => UiState])[] = [
  ['overview', () => sampleState()],
  ['backends', () => after(...keys('2', 'down'))],
  ['latency', () => after(...keys('3', 'l', 'o', 'j', 'j', 'j'))],
  ['pools', () => after(...keys('4'))],
  ['events', () => after(refusedReload, ...keys('5'))],
  ['strategies', () => after(...keys('6'))],
  ['explain', () => after(...keys('7'), explained, ...keys('down'))],
  ['backend', () => after(...keys('enter'))],
  ['pool', () => after(...keys('4', 'enter'))],
  ['help', () => after(...keys('?'))],
  ['palette', () => after(...keys(':', 'd', 'r', 'a', 'i', 'n'))],
  ['confirm', () => after(...keys('d'))],
  ['lost', () => after(lost, { kind: 'tick', now: sampleStart + 3000 })],
  ['well', () => wellState()],
]

export const pictures: readonly Picture[] = [
  ...scenes.map(([name, state]) => ({ name: `${name}-80x24`, columns: 80, rows: 24, state })),
  ...scenes.map(([name, state]) => ({ name: `${name}-60x20`, columns: 60, rows: 20, state })),
  { name: 'edges-60x20', columns: 60, rows: 20, state: oneAway },
  ...scenes.slice(0, 9).map(([name, state]) => ({ name: `${name}-120x40`, columns: 120, rows: 40, state })),
  { name: 'edges-80x24', columns: 80, rows: 24, state: () => bothSeen() },
  { name: 'edges-away-80x24', columns: 80, rows: 24, state: oneAway },
  { name: 'edges-chosen-80x24', columns: 80, rows: 24, state: () => play(bothSeen(), keys('e', 'e', 'd')).state },
  { name: 'edges-120x40', columns: 120, rows: 40, state: oneAway },
  { name: 'overview-ascii-80x24', columns: 80, rows: 24, ascii: true, state: () => sampleState() },
  { name: 'latency-ascii-80x24', columns: 80, rows: 24, ascii: true, state: () => after(...keys('3')) },
]
