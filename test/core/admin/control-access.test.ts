import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../core/secrets.ts'
import { controlledApi as start, files } from '../../support/controlled-api.ts'

const path = '/api/pools/web/backends'

describe('a change', () => {
  test('from a web page or without the token changes nothing', async () => {
    const { ask, edge } = await start()
    expect((await ask('DELETE', `${path}/a:80`, undefined, { origin: 'http://evil.example' })).status).toBe(403)
    expect((await ask('DELETE', `${path}/a:80`, undefined, { host: 'evil.example' })).status).toBe(403)
    const guarded = await start({ kind: 'guarded', token: new Secret('secret') })
    expect((await guarded.ask('DELETE', `${path}/a:80`)).status).toBe(401)
    const authorization = 'Bearer secret'
    expect((await guarded.ask('DELETE', `${path}/a:80`, undefined, { authorization })).status).toBe(200)
    expect(edge.inForce.length).toBe(1)
  })

  test('takes the token that the process has made, but for a reload and the plan of one', async () => {
    const access = { kind: 'changes-guarded', token: new Secret('secret'), advice: 'ask' } as const
    const { ask, edge, read } = await start(access)
    const text = '{ "pools": { "web": { "backends": [] } } }'
    const changes: readonly (readonly [string, string, unknown?])[] = [
      ['POST', '/api/rollback'],
      ['POST', '/api/config/plan', text],
      ['POST', path, '"http://c"'],
      ['PATCH', `${path}/a:80`, { weight: 2 }],
      ['DELETE', `${path}/a:80`],
      ['POST', `${path}/a:80/check`],
      ['PATCH', '/api/pools/web', { strategy: 'random' }],
    ]
    const statuses = async (headers: Readonly<Record<string, string>>): Promise<number[]> => {
      const responses: number[] = []
      for (const [method, url, body] of changes) responses.push((await ask(method, url, body, headers)).status)
      return responses
    }
    expect(await statuses({})).toEqual(changes.map(() => 401))
    expect(await statuses({ authorization: 'Bearer other' })).toEqual(changes.map(() => 401))
    expect([edge.inForce.length, read('m.json')]).toEqual([1, files['m.json']])
    for (const [method, url] of [
      ['POST', '/api/reload'],
      ['POST', '/api/config/plan'],
      ['GET', path],
    ] as const)
      expect([url, (await ask(method, url)).status]).toEqual([url, 200])
    expect((await ask('POST', '/api/rollback/plan')).status).toBe(409)
    expect(await statuses({ authorization: 'Bearer secret' })).toEqual([409, 200, 201, 200, 200, 404, 200])
  })
})
