import { describe, expect, test } from 'bun:test'
import { killBackends } from '../support/kill-rig.ts'

describe('backends that are killed under load', () => {
  test.each([2, 4])(
    'one of %p at a time cost no idempotent request',
    async (backends) => {
      const { requests, failures, retries } = await killBackends(backends, 4)
      expect(failures).toEqual([])
      expect(retries).toBeGreaterThan(0)
      expect(requests).toBeGreaterThan(1600)
    },
    60_000,
  )
})
