/** Two balancers that are watched together, as `smartedge top` would have them. */
import { initialState, type UiState } from '../../cli/top/state.ts'
import type { Fed, Message } from '../../cli/top/update.ts'
import { sampleFrames, sampleHello, sampleStart } from './feed-frames.ts'
import { play } from './ui-state.ts'

export const edgeNames = ['10.0.0.1:9900', '10.0.0.2:9900'] as const

/** What comes of the edge at that place. */
export const from = (edge: number, ...updates: readonly Fed[]): Message[] => updates.map((one) => ({ ...one, edge }))

export const tick = (now: number): Message => ({ kind: 'tick', now })

export const severalEdges = (readOnly = false): UiState =>
  initialState({ urls: edgeNames.map((name) => `http://${name}`), readOnly, now: sampleStart - 61_000 })

/** A minute of frames of both, in turn; the second has other random numbers. */
export function bothSeen(): UiState {
  made ??= play(severalEdges(), [
    ...from(0, { kind: 'hello', hello: sampleHello }),
    ...from(1, { kind: 'hello', hello: { ...sampleHello, pid: 4243 } }),
    ...framesOfBoth(),
  ]).state
  return made
}

let made: UiState | undefined

function framesOfBoth(): Message[] {
  const others = sampleFrames(60, undefined, 11)
  return sampleFrames(60).flatMap((frame, index) => [
    tick(frame.at),
    ...from(1, ...others.slice(index, index + 1).map((other) => ({ kind: 'frame', frame: other }) as const)),
    ...from(0, { kind: 'frame', frame }),
  ])
}
