import { describe, expect, test } from 'bun:test'
import {
  advance,
  BACKEND_TIMEOUTS,
  CLIENT_TIMEOUTS,
  follow,
  type Phase,
  type Step,
} from '../../../core/http1/lifecycle.ts'

const phases: readonly Phase[] = ['connecting', 'idle', 'head', 'body', 'whole', 'tunnel', 'closed']
const steps: readonly Step[] = ['opens', 'begins', 'bodyBegins', 'ends', 'isReleased', 'isHandedOver', 'closes']

/** Every step there is, but for `closes`, which every phase has. */
const ALLOWED: readonly string[] = [
  'connecting opens idle',
  'idle begins head',
  'idle isHandedOver tunnel',
  'head bodyBegins body',
  'head ends whole',
  'body ends whole',
  'whole isReleased idle',
  'whole isHandedOver tunnel',
]

const tryTo = (phase: Phase, step: Step): string[] => {
  try {
    return [`${phase} ${step} ${follow(phase, step)}`]
  } catch {
    return []
  }
}

describe('the states of a connection', () => {
  test('follow one another as listed and in no other way', () => {
    const others = steps.filter((step) => step !== 'closes')
    expect(phases.flatMap((phase) => others.flatMap((step) => tryTo(phase, step)))).toEqual([...ALLOWED])
  })

  test.each([...phases])('may close from "%s"', (phase) => {
    expect(follow(phase, 'closes')).toBe('closed')
  })

  test('are not skipped: a step to another state than its own throws', () => {
    expect(() => advance<{ kind: Phase }>({ kind: 'idle' }, 'begins', { kind: 'body' })).toThrow(
      'leads from "idle" to "head"',
    )
    expect(() => follow('idle', 'ends')).toThrow('in phase "idle" takes no step "ends"')
  })

  test('have a timeout wherever the peer is the one to wait for', () => {
    expect(phases.map((phase) => CLIENT_TIMEOUTS[phase])).toEqual([
      undefined,
      'keepAliveMs',
      'headMs',
      'bodyMs',
      undefined,
      undefined,
      undefined,
    ])
    expect(phases.map((phase) => BACKEND_TIMEOUTS[phase])).toEqual([
      undefined,
      'keepAliveMs',
      'responseMs',
      'idleMs',
      undefined,
      undefined,
      undefined,
    ])
  })
})
