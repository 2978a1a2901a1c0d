import { describe, expect, test } from 'bun:test'
import { defaults } from '../../../core/config/defaults.ts'
import type { Setting, TextSetting } from '../../../core/config/setting.ts'

const settings: [string, Setting | TextSetting][] = Object.entries(defaults)

describe('every default', () => {
  test.each(settings)('%s has a reason in a sentence', (_key, { reason }) => {
    expect(reason).toMatch(/^[A-Z].{10,}\.$/)
  })

  test.each(settings.filter(([, setting]) => 'min' in setting))('%s lies in its range', (_key, setting) => {
    const { value, min, max } = setting as Setting
    expect(min).toBeLessThan(max)
    if (value !== undefined) expect(value >= min && value <= max).toBeTrue()
  })
})

describe('the defaults together', () => {
  test('let a target fit in a head and a check end before the next', () => {
    expect(defaults['limits.target'].value).toBeLessThan(defaults['limits.head'].value)
    expect(defaults['pool.health.timeout'].value).toBeLessThanOrEqual(defaults['pool.health.interval'].value)
  })

  test('close idle backend connections before Node does, which waits 5 s', () => {
    expect(defaults['pool.timeouts.keepAlive'].value).toBeLessThan(5000)
  })
})
