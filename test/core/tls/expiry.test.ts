import { describe, expect, test } from 'bun:test'
import { stageOf } from '../../../core/tls/expiry.ts'

const DAY = 24 * 60 * 60 * 1000
const lasting = (days: number) => ({ notBefore: 0, notAfter: days * DAY })

describe('the end of a certificate', () => {
  test.each([
    ['a year', 365, 31, undefined],
    ['a year', 365, 30, 30],
    ['a year', 365, 7.1, 30],
    ['a year', 365, 7, 7],
    ['a year', 365, 1, 1],
    ['a year', 365, 0.01, 1],
    ['a year', 365, 0, 0],
    ['a year', 365, -100, 0],
    ['90 days', 90, 30, 30],
    ['47 days', 47, 30, undefined],
    ['47 days', 47, 15, 30],
    ['6 days', 6, 3, undefined],
    ['6 days', 6, 2, 7],
    ['6 days', 6, 0.5, 1],
  ] as const)('of one of %s is near with so many days left', (_, life, left, stage) => {
    expect(stageOf(lasting(life), (life - left) * DAY)).toBe(stage)
  })
})
