import { describe, expect, test } from 'bun:test'
import { accessLog } from '../../../core/access-log/access-log.ts'
import type { AccessLogPolicy } from '../../../core/access-log/policy.ts'
import { seededRandom } from '../../../core/random.ts'
import { exchangeRecord } from '../../support/exchange-record.ts'

function logging(policy: Partial<AccessLogPolicy>) {
  const lines: string[] = []
  const observe = accessLog({
    policy: {
      path: undefined,
      format: { kind: 'json', fields: ['status'] },
      always: undefined,
      sampleRatio: 1,
      hidden: [],
      ...policy,
    },
    write: (line) => void lines.push(line),
    wallTime: () => 0,
    random: seededRandom(1),
  })
  const observeStatus = (status: number, endedAt = 0): void =>
    observe(exchangeRecord({ ending: { kind: 'answered', status }, endedAt }))
  return { lines, observe, observeStatus }
}

describe('the access log', () => {
  test('writes every exchange unless it is told otherwise', () => {
    const { lines, observeStatus } = logging({})
    observeStatus(200)
    observeStatus(503)
    expect(lines).toEqual(['{"status":200}', '{"status":503}'])
  })

  test('writes errors and slow ones alone where it is told so', () => {
    const always = { statuses: [{ from: 499, to: 599 }], slowerMs: 500 }
    const { lines, observe, observeStatus } = logging({ always, sampleRatio: 0 })
    for (const [status, endedAt] of [
      [200, 500],
      [404, 0],
      [500, 0],
      [200, 501],
      [599, 0],
    ] as const)
      observeStatus(status, endedAt)
    observe(exchangeRecord({ ending: { kind: 'abandoned' } }))
    expect(lines.map((line) => line.slice(10, 13))).toEqual(['500', '200', '599', '499'])
  })

  test('writes a sample of the others', () => {
    const { lines, observeStatus } = logging({
      always: { statuses: [{ from: 500, to: 599 }], slowerMs: undefined },
      sampleRatio: 0.1,
    })
    for (let index = 0; index < 10_000; index += 1) observeStatus(index % 100 === 0 ? 500 : 200)
    const errors = lines.filter((line) => line.includes('500')).length
    expect(errors).toBe(100)
    expect(Math.abs(lines.length - errors - 990)).toBeLessThan(100)
  })
})
