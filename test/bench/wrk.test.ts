import { describe, expect, test } from 'bun:test'
import { profiles } from '../../bench/profile.ts'
import { parseWrk, renderWrkScript } from '../../bench/wrk.ts'

describe('wrk', () => {
  test('is given every field of the profile', () => {
    const profile = profiles['headers-13']
    if (profile === undefined) throw new Error('no such profile')
    expect(renderWrkScript(profile, 'h:1').match(/^wrk\.headers/gm)).toHaveLength(13)
  })

  test('is understood by the line of its script', () => {
    const result = { requests: 5, elapsedUs: 6, errors: 0, p50Us: 1, p99Us: 2, p999Us: 3, maxUs: 4 }
    expect(parseWrk(`Running 2s test\nJSON ${JSON.stringify(result)}\nRequests/sec: 1\n`)).toEqual(result)
  })

  test.each(['', 'unable to connect', 'JSON'])('is not understood as %p', (output) => {
    expect(parseWrk(output)).toBeUndefined()
  })
})
