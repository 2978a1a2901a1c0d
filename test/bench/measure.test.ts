import { describe, expect, test } from 'bun:test'
import type { LoadPlan } from '../../bench/load/plan.ts'
import { findFlaws } from '../../bench/measure.ts'

const closed: LoadPlan = {
  host: '127.0.0.1',
  port: 1,
  profile: 'headers-2',
  connections: 1,
  durationMs: 1000,
  pace: { kind: 'closed' },
  reconnect: false,
  path: '/',
  targets: 1,
  idle: 0,
}
const open: LoadPlan = { ...closed, pace: { kind: 'open', ratePerSecond: 100 } }
const use = (usedUs: number, busyUs: number, wallMs = 1000) => ({ loadMs: 1000, wallMs, usedUs, busyUs })

describe('findFlaws', () => {
  test('finds none in a run that filled its core alone', () => {
    expect(findFlaws(closed, use(980_000, 990_000))).toEqual([])
  })

  test('says that the load was the limit when the core was not full', () => {
    expect(findFlaws(closed, use(500_000, 500_000)).join()).toContain('used 50 % of its core')
  })

  test('expects no full core at a fixed rate', () => {
    expect(findFlaws(open, use(100_000, 100_000))).toEqual([])
  })

  test('says that others were at work on the core', () => {
    expect(findFlaws(open, use(100_000, 400_000))).toEqual(['other processes took 30 % of its core’s time'])
  })

  test('takes the time before the load into account', () => {
    expect(findFlaws(open, use(100_000, 400_000, 10_000))).toEqual([])
  })

  test('knows of no others when nothing is pinned', () => {
    expect(findFlaws(open, use(100_000, 0))).toEqual([])
  })
})
