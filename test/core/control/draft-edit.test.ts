import { describe, expect, test } from 'bun:test'
import { controlled } from '../../support/controlled.ts'

const files = {
  'edge.json': '{ "pools": { "web": { "backends": { "file": "m.json" } } } }',
  'm.json': '{ "backends": ["http://a", { "url": "http://b", "weight": 2 }] }',
}

const edit = { kind: 'replace', pool: 'web', put: ['"http://c"'], gone: ['a:80'] } as const

describe('a draft of an edit', () => {
  test('tells what the pool would be and what stands there, and changes nothing', async () => {
    const { controller, edge, read, events } = await controlled(files)
    const drafted = await controller.draft(edit)
    expect(drafted).toMatchObject({
      kind: 'draft',
      pool: { members: [{ id: 'b:80' }, { id: 'c:80' }] },
      members: new Map([
        ['a:80', '"http://a"'],
        ['b:80', '{ "url": "http://b", "weight": 2 }'],
      ]),
    })
    expect([read('m.json'), edge.inForce.length, edge.open, events]).toEqual([files['m.json'], 1, 0, []])
  })

  test.each([
    [{ ...edit, pool: 'nope' }, 'unknown'],
    [{ ...edit, put: ['"nonsense"'] }, 'invalid'],
    [{ ...edit, put: ['{ "url": "http://c", "weight": 1e9 }'] }, 'invalid'],
    [{ kind: 'add', pool: 'web', member: 'http://a' } as const, 'duplicate'],
    [{ kind: 'remove', pool: 'web', backend: 'x:80' } as const, 'unknown'],
    [{ ...edit, ifMatch: 'older' }, 'stale'],
  ])('is refused as the edit would be: %j', async (given, kind) => {
    const { controller } = await controlled(files)
    expect(await controller.draft(given)).toMatchObject({ kind })
  })

  test('is refused while somebody else’s mistake stands in the file', async () => {
    const { controller, write } = await controlled(files)
    write('m.json', '{ "backends": [')
    expect(await controller.draft(edit)).toMatchObject({ kind: 'conflict' })
  })
})
