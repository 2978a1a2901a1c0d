import { describe, expect, test } from 'bun:test'
import { type Admission, everybody, nobody } from '../../../core/admission/admission.ts'
import type { RouteConfig } from '../../../core/config/config.ts'
import { Gates, type GatesOptions } from '../../../core/runtime/gates.ts'
import { askRule } from '../../support/asking.ts'
import { anyRequest } from '../../support/edge.ts'

const rule = (priority: number): RouteConfig => ({ match: anyRequest, pool: 'web', priority })

const create = (options: Partial<GatesOptions> = {}): Gates =>
  new Gates({
    shedder: () => everybody,
    access: () => ({ open: [], authentication: [] }),
    bans: { around: (rules) => rules },
    ...options,
  })

describe('gates', () => {
  test('of a route without rules are none', () => {
    expect(create().admission(rule(5), 'a')).toBe(everybody)
  })

  test('of a route are asked by its priority first', () => {
    const shed = nobody({ status: 503, detail: 'too much to do' })
    const gates = create({ shedder: (priority) => (priority === 1 ? shed : everybody) })
    expect([gates.admission(rule(1), 'a'), gates.admission(rule(2), 'a')]).toEqual([shed, everybody])
  })

  test('of a route are asked in their order, those of access within the bans', () => {
    const log: string[] = []
    const asking = (name: string): Admission => ({
      admit: () => (log.push(name), { kind: 'admitted' }),
    })
    const around = (rules: Admission): Admission => ({
      admit: (asked, head, now) => (log.push('bans'), rules.admit(asked, head, now)),
    })
    const gates = create({
      shedder: () => asking('shedder'),
      access: () => ({ open: [asking('open'), asking('more')], authentication: [asking('authentication')] }),
      bans: { around },
    })
    askRule(gates.admission(rule(5), 'a'))
    expect(log).toEqual(['shedder', 'bans', 'open', 'more', 'authentication'])
  })
})
