import { describe, expect, test } from 'bun:test'
import { controlled } from '../../support/controlled.ts'
import { add, apart, told } from '../../support/pool-edits.ts'

describe('an edit of a file that somebody else changed', () => {
  test('takes in what they saved', async () => {
    const { controller, members, write } = await controlled(apart)
    write('m.json', '{ "backends": ["http://x"] /* theirs */ }')
    expect(told(await controller.edit(add('http://c'), 'test'))).toBe('done')
    expect(members('web')).toEqual({ 'x:80': 1, 'c:80': 1 })
  })

  test('takes in what they save while it is being tried', async () => {
    const { controller, edge, members, read, write } = await controlled(apart)
    let saves = 0
    edge.refuses = () => {
      saves += 1
      if (saves <= 2) write('m.json', `{ "backends": ["http://x${saves}"] }`)
      return []
    }
    expect(told(await controller.edit(add('http://c'), 'test'))).toBe('done')
    expect(members('web')).toEqual({ 'x2:80': 1, 'c:80': 1 })
    expect(read('m.json')).toBe('{ "backends": ["http://x2", "http://c"] }')
    // Nothing was in force that is not in the file, and every move came to its end.
    expect([edge.inForce.length, edge.open]).toEqual([2, 0])
  })

  test('gives up when they do not stop', async () => {
    const { controller, edge, write } = await controlled(apart)
    let saves = 0
    edge.refuses = () => {
      saves += 1
      write('m.json', `{ "backends": ["http://x${saves}"] }`)
      return []
    }
    expect(await controller.edit(add('http://c'), 'test')).toMatchObject({
      kind: 'conflict',
      detail: 'The file is being changed all the time; try again.',
    })
    expect([edge.inForce.length, edge.open]).toEqual([1, 0])
  })

  test.each(['', '{ "backends": [', '{ "backends": ["http://a", "http://a"] }', '[]', '\0'])(
    'is refused when they left %j',
    async (text) => {
      const { controller, edge, read, write } = await controlled(apart)
      write('m.json', text)
      const result = await controller.edit(add('http://c'), 'test')
      expect(result).toMatchObject({
        kind: 'conflict',
        detail: 'm.json as it is now on disk has problems; mend them first.',
      })
      expect([read('m.json'), edge.inForce.length]).toEqual([text, 1])
    },
  )

  test('is refused while the config has problems of its own', async () => {
    const { controller, write } = await controlled(apart)
    write('edge.json', '{')
    expect(told(await controller.edit(add('http://c'), 'test'))).toBe('conflict')
  })

  test('goes on while another pool has problems', async () => {
    const pools = (api: string) =>
      `{ "routes": [{ "pool": "web" }], "pools": { "web": { "backends": { "file": "m.json" } }, "api": { "backends": ${api} } } }`
    const { controller, members, write } = await controlled({ ...apart, 'edge.json': pools('["http://z"]') })
    write('edge.json', pools('[5]'))
    expect(told(await controller.edit(add('http://c'), 'test'))).toBe('done')
    expect(Object.keys({ ...members('web'), ...members('api') })).toEqual(['a:80', 'b:80', 'c:80', 'z:80'])
  })
})
