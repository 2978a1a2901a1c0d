import { describe, expect, test } from 'bun:test'
import { grouped, ledger } from '../../../core/observe/ledger.ts'

const sample = ledger({
  requests: { metric: 'requests', help: 'All.' },
  open: { metric: 'connections', type: 'gauge', help: 'Open.' },
  failures: { help: 'Failed.', status: ['failures', 'total'] },
  good: { metric: 'ends', help: 'Ends.', label: ['how', 'good'], status: ['ends', 'good'] },
  sent: { metric: 'sent', unit: 'bytes', help: 'Sent.' },
  timeouts: { metric: 'failures', help: 'By cause.', label: ['cause', 'timeout'], status: ['failures', 'timeout'] },
  bad: { metric: 'ends', help: 'Ends.', label: ['how', 'bad'], status: ['ends', 'bad'] },
})
const counted = () => {
  const counters = sample.create()
  const keys = Object.keys(counters) as (keyof typeof counters)[]
  keys.forEach((key, index) => (counters[key] = index + 1))
  return counters
}

describe('a ledger', () => {
  test('makes records of zeros, each its own, in the order declared', () => {
    const [one, other] = [sample.create(), sample.create()]
    one.requests += 1
    expect([one.requests, other.requests]).toEqual([1, 0])
    expect(Object.keys(one)).toEqual(['requests', 'open', 'failures', 'good', 'sent', 'timeouts', 'bad'])
    expect(Object.values(other).every((value) => value === 0)).toBe(true)
  })

  test('tells a record with its groups together, as a copy', () => {
    const counters = counted()
    const status = sample.status(counters)
    counters.requests += 100
    expect(status).toEqual({
      requests: 1,
      open: 2,
      failures: { total: 3, timeout: 6 },
      ends: { good: 4, bad: 7 },
      sent: 5,
    })
    expect(Object.keys(status)).toEqual(['requests', 'open', 'failures', 'ends', 'sent'])
    // The types know the names, too.
    expect(status.failures.timeout + status.ends.bad + status.sent).toBe(18)
  })

  test('names metrics by unit and type, and gathers those that share one', () => {
    expect(sample.families.map(({ name, type, samples }) => [name, type, samples.map(({ key }) => key)])).toEqual([
      ['requests_total', 'counter', ['requests']],
      ['connections', 'gauge', ['open']],
      ['ends_total', 'counter', ['good', 'bad']],
      ['sent_bytes_total', 'counter', ['sent']],
      ['failures_total', 'counter', ['timeouts']],
    ])
    expect(sample.families[2]?.samples[1]?.label).toEqual(['how', 'bad'])
  })

  test('gives other things of each counter the same shape', () => {
    const helps = grouped<unknown>(
      sample.specs,
      (key, { help }) => `${key}: ${help}`,
      (members) => Object.keys(members),
    )
    expect(helps).toEqual({
      requests: 'requests: All.',
      open: 'open: Open.',
      failures: ['total', 'timeout'],
      ends: ['good', 'bad'],
      sent: 'sent: Sent.',
    })
  })
})
