import { describe, expect, test } from 'bun:test'
import { containersOf } from '../../../core/discovery/pool-containers.ts'

describe('a list that thousands of pools ask of', () => {
  const inPool = (pool: string | undefined) => ({
    State: 'running',
    Labels: pool === undefined ? {} : { 'smartedge.pool': pool },
  })

  test('is looked through once', () => {
    let looks = 0
    const listed = Array.from({ length: 50 }, (_, index) => ({
      Labels: { 'smartedge.pool': `p${index}` },
      get State() {
        looks += 1
        return 'running'
      },
    }))
    const found = listed.map((_, index) => containersOf(listed, `p${index}`, false))
    expect([looks, found.map(([one]) => listed.indexOf(one as (typeof listed)[0]))]).toEqual([50, [...listed.keys()]])
  })

  test('is divided among them: what names no pool is for those that take all, and what is no container for each', () => {
    const [web, none, api, more] = [inPool('web'), inPool(undefined), inPool('api'), inPool('web')]
    const listed = [web, 7, none, { ...web, State: 'exited' }, api, more]
    expect(containersOf(listed, 'web', true)).toEqual([web, 7, none, more])
    expect(containersOf(listed, 'web', false)).toEqual([web, more, 7])
    expect(containersOf(listed, 'other', false)).toEqual([7])
  })
})
