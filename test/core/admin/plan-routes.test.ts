import { describe, expect, test } from 'bun:test'
import { clientsApi } from '../../support/clients-api.ts'

const bodyOf = async (response: Response): Promise<unknown> => await response.json()

describe('a plan', () => {
  const plan = '/api/plans/gold'

  test('is added, replaced by who has seen it, and removed', async () => {
    const { ask } = await clientsApi()
    const added = await ask('PUT', plan, { rate: '100/s', burst: 20 })
    expect([added.status, added.headers.get('location'), added.headers.get('etag')]).toEqual([201, plan, '"1"'])
    expect((await ask('PUT', plan, {})).status).toBe(428)
    expect((await ask('PUT', plan, {}, { 'if-match': '"9"' })).status).toBe(412)
    const replaced = await ask('PUT', plan, { burst: 5 }, { 'if-match': '"1"' })
    expect(await bodyOf(replaced)).toMatchObject({ name: 'gold', rate: null, burst: 5, revision: 2 })
    expect(await bodyOf(await ask('GET', plan))).toMatchObject({ name: 'gold', burst: 5, store: { state: 'up' } })
    expect(await bodyOf(await ask('GET', '/api/plans'))).toMatchObject({ plans: [{ name: 'gold' }] })
    expect((await ask('DELETE', plan)).status).toBe(428)
    expect((await ask('DELETE', plan, undefined, { 'if-match': '"2"' })).status).toBe(200)
    for (const method of ['GET', 'DELETE']) expect((await ask(method, plan)).status).toBe(404)
  })

  test('that is to be replaced and is not there is not added', async () => {
    const { ask } = await clientsApi()
    for (const tag of ['"1"', '*']) expect((await ask('PUT', plan, {}, { 'if-match': tag })).status).toBe(404)
    expect((await ask('GET', plan)).status).toBe(404)
  })

  test('that clients have is not removed, and changes what holds for them', async () => {
    const { ask } = await clientsApi()
    await ask('PUT', plan, { rate: '100/s' })
    await ask('POST', '/api/clients', { id: 'acme', name: 'Acme', plan: 'gold' })
    const kept = await ask('DELETE', plan, undefined, { 'if-match': '*' })
    expect([kept.status, await bodyOf(kept)]).toEqual([
      409,
      { type: 'about:blank', title: 'Conflict', status: 409, detail: 'The plan "gold" has 1 client.' },
    ])
    await ask('PUT', plan, { rate: '7/h' }, { 'if-match': '*' })
    expect(await bodyOf(await ask('GET', '/api/clients/acme'))).toMatchObject({ rate: null, limit: { rate: '7/h' } })
  })

  test.each<[string, unknown]>([
    ['/api/plans/..%2Fx', {}],
    [`/api/plans/${'x'.repeat(65)}`, {}],
    [plan, []],
    [plan, { rate: 'x' }],
    [plan, { name: 'x' }],
  ])('%s is not added as %j', async (path, body) => {
    const { ask } = await clientsApi()
    expect((await ask('PUT', path, body)).status).toBe(422)
  })
})
