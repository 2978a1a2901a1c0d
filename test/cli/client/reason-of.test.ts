import { describe, expect, test } from 'bun:test'
import { reasonOf } from '../../../cli/client/admin-client.ts'

const failed = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code })

describe('a connection to the admin API that failed', () => {
  test.each([
    ['ECONNREFUSED', 'nothing listens there'],
    ['ENOENT', 'nothing listens there'],
    ['EACCES', 'permission denied: its socket is for its own user'],
    ['EHOSTUNREACH', 'connect EHOSTUNREACH'],
  ])('with %s is told of as %s', (code, words) => {
    expect(reasonOf(failed(code))).toBe(words)
  })
})
