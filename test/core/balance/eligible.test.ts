import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { eligibleBackends } from '../../../core/balance/eligible.ts'
import { makeBackend } from '../../support/make-backend.ts'

const out = (facts: (backend: Backend) => void) => (port: number) => {
  const backend = makeBackend(port)
  facts(backend)
  backend.reckon({ awaitsCheckSince: undefined }, 0)
  return backend
}
const well = makeBackend
const drained = (port: number) => makeBackend(port, { isDraining: true })
const failing = out(({ facts }) => (facts.checks = { kind: 'failing', since: 0, cause: '503' }))
const refusing = out(({ facts }) => (facts.traffic = { kind: 'failing', since: 0, cause: 'refused', until: 9 }))
const failingAndRefusing = out(({ facts }) => {
  facts.checks = { kind: 'failing', since: 0, cause: '503' }
  facts.traffic = { kind: 'failing', since: 0, cause: 'refused', until: undefined }
})

describe('eligibleBackends', () => {
  test('are those whose standing allows it, in their order', () => {
    const backends = [drained(1), well(2), failing(3), refusing(4), well(5)]
    expect(eligibleBackends(backends)).toEqual([backends[1]!, backends[4]!])
  })

  test('are those that traffic alone holds out when nobody else is left', () => {
    const backends = [drained(1), refusing(2), failing(3), failingAndRefusing(4), refusing(5)]
    expect(eligibleBackends(backends)).toEqual([backends[1]!, backends[4]!])
  })

  test('are nobody when people and checks hold out all', () => {
    expect(eligibleBackends([drained(1), failing(2), failingAndRefusing(3)])).toBeUndefined()
    expect(eligibleBackends([])).toBeUndefined()
  })
})
