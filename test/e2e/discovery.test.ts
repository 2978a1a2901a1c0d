import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { followMembers } from '../support/found-members.ts'
import { registries } from '../support/registries.ts'

setDefaultTimeout(60_000)

describe('no request fails while members come and go, and their server dies and comes back', () => {
  test.each(Object.entries(registries))('found by %s', async (_kind, start) => {
    expect((await followMembers(start)).failures).toEqual([])
  })
})
