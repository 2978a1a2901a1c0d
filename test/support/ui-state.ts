/** A state as `smartedge top` would have it after some frames, events and keys. */
import type { WatchedEvent } from '../../core/view/feed-format.ts'
import { initialState, type UiState } from '../../cli/top/state.ts'
import { type Effect, type Message, update } from '../../cli/top/update.ts'
import { sampleFrames, sampleHello, sampleStart } from './feed-frames.ts'

export const sampleEvents: readonly WatchedEvent[] = [
  { id: 1, at: sampleStart - 90_000, kind: 'listening', fields: { listener: 'web', address: '127.0.0.1:8080' } },
  {
    id: 2,
    at: sampleStart - 30_000,
    kind: 'backend-down',
    fields: { pool: 'web', backend: 'localhost:8102', detail: 'connection refused' },
  },
  {
    id: 3,
    at: sampleStart - 20_000,
    kind: 'backend-up',
    fields: { pool: 'web', backend: 'localhost:8102', detail: '200 OK' },
  },
  {
    id: 4,
    at: sampleStart - 5000,
    kind: 'strategy-fault',
    fields: { pool: 'api', strategy: './plugins/mine.ts', detail: 'pick threw: x is undefined' },
  },
]

/** The states and effects after `messages`, in turn. */
export function play(state: UiState, messages: readonly Message[]): { state: UiState; effects: Effect[] } {
  const effects: Effect[] = []
  let current = state
  for (const message of messages) {
    const updated = update(current, message)
    current = updated.state
    effects.push(...updated.effects)
  }
  return { state: current, effects }
}

export const keys = (...names: readonly string[]): Message[] => names.map((name) => ({ kind: 'key', name }))

export const frames = (...args: Parameters<typeof sampleFrames>): Message[] =>
  sampleFrames(...args).map((frame) => ({ kind: 'frame', frame }))

export interface SampleOptions {
  readonly readOnly?: boolean
  readonly seconds?: number
}

/** Sixty seconds into the sick script, unless told otherwise. Made once: a state never changes. */
export function sampleState({ readOnly = false, seconds = 60 }: SampleOptions = {}): UiState {
  const key = `${readOnly} ${seconds}`
  const made = samples.get(key) ?? makeSample(readOnly, seconds)
  samples.set(key, made)
  return made
}

const samples = new Map<string, UiState>()

function makeSample(readOnly: boolean, seconds: number): UiState {
  const first = initialState({ urls: ['http://127.0.0.1:9900'], readOnly, now: sampleStart })
  return play(first, [
    { kind: 'hello', hello: sampleHello },
    ...sampleEvents.map((entry): Message => ({ kind: 'event', entry })),
    ...frames(seconds),
  ]).state
}
