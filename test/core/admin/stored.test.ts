import { describe, expect, test } from 'bun:test'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { type ClientStore, type Freshness, StoreAway } from '../../../core/clients/contract.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { clientsApi } from '../../support/clients-api.ts'

const list = '/api/clients'
const bodyOf = async (response: Response): Promise<unknown> => await response.json()
const detailOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { readonly detail?: unknown }).detail

describe('a database that is away', () => {
  const reject = () => Promise.reject(new StoreAway('clients.sqlite: the disk is full'))
  const away = (freshness: Freshness) => (store: ClientStore) => ({
    ...store,
    freshness,
    add: reject,
    set: reject,
    remove: reject,
    import: reject,
    addPlan: reject,
    setPlan: reject,
    removePlan: reject,
  })

  test('has changes refused for now, and reads say how old they are', async () => {
    const { ask } = await clientsApi({ over: away({ kind: 'away', ageMs: 1234.5, reason: 'gone' }) })
    for (const [method, path, body] of [
      ['POST', list, { name: 'x' }],
      ['PATCH', `${list}/a`, { note: 'x' }],
      ['DELETE', `${list}/a`, undefined],
      ['POST', `${list}/a/key`, undefined],
      ['PUT', '/api/plans/p', {}],
      ['DELETE', '/api/plans/p', undefined],
    ] as const) {
      const refused = await ask(method, path, body)
      expect([method, path, refused.status, refused.headers.get('retry-after')]).toEqual([method, path, 503, '5'])
      expect(await detailOf(refused)).toBe('The database of clients is away: clients.sqlite: the disk is full.')
    }
    for (const path of [list, '/api/plans'])
      expect(await bodyOf(await ask('GET', path))).toMatchObject({
        store: { state: 'away', ageMs: 1235, reason: 'gone' },
      })
  })

  test('and was never read has nothing to tell', async () => {
    const { ask } = await clientsApi({ over: away({ kind: 'unknown', reason: 'not read yet' }) })
    for (const path of [list, `${list}/a`, '/api/plans', '/api/plans/p', '/api/clients.jsonl']) {
      const refused = await ask('GET', path)
      expect([path, refused.status, refused.headers.get('retry-after')]).toEqual([path, 503, '5'])
    }
  })

  test('is told from a fault of ours', async () => {
    const { ask } = await clientsApi({ over: (store) => ({ ...store, add: () => Promise.reject(new Error('bug')) }) })
    expect((await ask('POST', list, { name: 'x' })).status).toBe(500)
  })
})

describe('who may ask', () => {
  const paths = [list, `${list}/a`, '/api/clients.jsonl', '/api/plans', '/api/plans/p']

  test('has the token, for reads too', async () => {
    const token = new Secret('secret')
    for (const access of [
      { kind: 'guarded', token } as const,
      { kind: 'changes-guarded', token, advice: 'x' } as const,
    ]) {
      const { ask } = await clientsApi({ access })
      for (const path of paths) {
        expect([path, (await ask('GET', path)).status]).toEqual([path, 401])
        const { status } = await ask('GET', path, undefined, { authorization: 'Bearer secret' })
        expect([200, 404]).toContain(status)
      }
      expect((await ask('POST', list, { name: 'x' })).status).toBe(401)
    }
  })

  test('of a configuration without clients is told how to have some', async () => {
    const handler = createAdminHandler({ access: () => ({ kind: 'open' }), source: fakeAdminSource() })
    for (const path of paths) {
      const refused = await handler(adminRequest(path, { headers: { host: 'localhost' } }))
      expect([refused.status, await detailOf(refused)]).toEqual([409, expect.stringContaining('"clients"')])
    }
  })
})
