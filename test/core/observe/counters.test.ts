import { describe, expect, test } from 'bun:test'
import { backendLedger, countStatus, edgeLedger } from '../../../core/observe/counters.ts'
import type { CounterSpec } from '../../../core/observe/ledger.ts'

describe.each([
  ['edgeLedger', edgeLedger],
  ['backendLedger', backendLedger],
])('%s', (_, { specs, families }) => {
  const all: CounterSpec[] = Object.values(specs)

  test('says of each counter what it counts, in a sentence', () => {
    for (const { help } of all) expect(help).toMatch(/^[A-Z].*\.$/)
  })

  test('has one meaning for each metric', () => {
    for (const { name, samples } of families) {
      const labels = samples.map(({ label }) => label?.join('='))
      expect([name, new Set(labels).size]).toEqual([name, labels.length])
      expect(samples.length === 1 || labels.every((label) => label !== undefined)).toBe(true)
      expect(name).toMatch(/^[a-z_][a-z0-9_]*$/)
    }
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length)
  })
})

describe('countStatus', () => {
  test.each([
    [200, 'responses2xx'],
    [299, 'responses2xx'],
    [300, 'responses3xx'],
    [404, 'responses4xx'],
    [499, 'responses4xx'],
    [500, 'responses5xx'],
    [599, 'responses5xx'],
  ] as const)('counts %d in %s', (status, key) => {
    for (const counters of [edgeLedger.create(), backendLedger.create()]) {
      const zero = { ...counters }
      countStatus(counters, status)
      expect(counters).toEqual({ ...zero, [key]: 1 })
    }
  })
})
