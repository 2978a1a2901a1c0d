import { describe, expect, test } from 'bun:test'
import { everybody, nobody } from '../../../core/admission/admission.ts'
import type { RouteConfig } from '../../../core/config/config.ts'
import { Gates } from '../../../core/runtime/gates.ts'
import { anyRequest } from '../../support/edge.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const options = { clock: virtualClock(), seed: new Uint8Array(8) }

const rule = (priority: number): RouteConfig => ({ match: anyRequest, pool: 'web', priority })

describe('gates', () => {
  test('of a route without rules are none', () => {
    const gates = new Gates({ ...options, shedder: () => everybody })
    expect(gates.admission(rule(5), 'a')).toBe(everybody)
  })

  test('of a route are asked by its priority first', () => {
    const shed = nobody({ status: 503, detail: 'too much to do' })
    const gates = new Gates({ ...options, shedder: (priority) => (priority === 1 ? shed : everybody) })
    expect([gates.admission(rule(1), 'a'), gates.admission(rule(2), 'a')]).toEqual([shed, everybody])
  })
})
