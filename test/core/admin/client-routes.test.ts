import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { clientsApi } from '../../support/clients-api.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

type Json = Readonly<Record<string, unknown>>
const list = '/api/clients'
const bodyOf = async (response: Response): Promise<Json> => (await response.json()) as Json
const detailOf = async (response: Response): Promise<unknown> => (await bodyOf(response))['detail']

/** An API with these clients, ids in order. */
async function withClients(...clients: readonly Json[]) {
  const api = await clientsApi()
  for (const client of clients) {
    const { status } = await api.ask('POST', list, client)
    expect(status).toBe(201)
  }
  return api
}

describe('a client', () => {
  test('is added with what is absent left at nothing, and its key told this once', async () => {
    const { ask, follower } = await clientsApi()
    const added = await ask('POST', list, { name: 'Acme Ltd' })
    const { key, createdAt, updatedAt, id, keyPrefix, ...rest } = await bodyOf(added)
    expect(rest).toEqual({
      name: 'Acme Ltd',
      plan: null,
      rate: null,
      burst: null,
      note: '',
      enabled: true,
      validUntil: null,
      limit: { rate: null, burst: null },
      revision: 1,
    })
    expect(key).toMatch(/^sek_[\w-]{43}$/)
    expect([keyPrefix, createdAt]).toEqual([String(key).slice(0, 12), updatedAt])
    expect(added.headers.get('location')).toBe(`${list}/${String(id)}`)
    expect(added.headers.get('etag')).toBe('"1"')
    // In force at once, and found by its key.
    expect(follower.directory.byKey(String(key))?.id).toBe(String(id))
    const told = await (await ask('GET', `${list}/${String(id)}`)).text()
    expect(told).not.toContain(String(key))
    expect(await (await ask('GET', list)).text()).not.toContain(String(key))
  })

  test('keeps everything that it was added with', async () => {
    const { ask } = await clientsApi()
    await ask('PUT', '/api/plans/gold', { rate: '1000/m' })
    const given = {
      id: 'acme',
      name: 'Ácme 株式会社 😀',
      plan: 'gold',
      rate: null,
      burst: 200,
      note: 'one\n\ttwo',
      enabled: false,
      validUntil: '2030-01-01T00:00:00+02:00',
    }
    expect((await ask('POST', list, given)).status).toBe(201)
    expect(await bodyOf(await ask('GET', `${list}/acme`))).toMatchObject({
      ...given,
      validUntil: '2029-12-31T22:00:00.000Z',
      limit: { rate: '1000/m', burst: 200 },
      store: { state: 'up', ageMs: expect.any(Number), reason: null },
    })
  })

  test('that is there already is a conflict that names it', async () => {
    const { ask } = await withClients({ id: 'acme', name: 'Acme' })
    const again = await ask('POST', list, { id: 'acme', name: 'Other' })
    expect([again.status, await detailOf(again)]).toEqual([409, 'There is a client "acme".'])
  })

  test('is changed by the keys that are sent, and null takes away', async () => {
    const { ask } = await withClients({ id: 'acme', name: 'Acme', rate: '10/s', burst: 5, note: 'old' })
    const change = { rate: null, note: 'new', enabled: false }
    const changed = await ask('PATCH', `${list}/acme`, change, { 'if-match': '"1"' })
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"'])
    expect(await bodyOf(changed)).toMatchObject({ ...change, name: 'Acme', burst: 5, revision: 2 })
  })

  test('wants to have been seen before it is changed or removed', async () => {
    const { ask } = await withClients({ id: 'acme', name: 'Acme' })
    for (const [method, body] of [
      ['PATCH', { note: 'x' }],
      ['DELETE', undefined],
    ] as const) {
      const blind = await ask(method, `${list}/acme`, body)
      expect([blind.status, await detailOf(blind)]).toEqual([428, expect.stringContaining('If-Match')])
      for (const tag of ['"2"', '"0"', '1', '', 'W/"1"', '"x"', '"1e0"', '"00000000000000000001"']) {
        const stale = await ask(method, `${list}/acme`, body, { 'if-match': tag })
        expect([method, tag, stale.status, stale.headers.get('etag')]).toEqual([method, tag, 412, '"1"'])
      }
    }
    expect((await ask('PATCH', `${list}/acme`, { note: 'x' }, { 'if-match': '"7", "1"' })).status).toBe(200)
    expect((await ask('PATCH', `${list}/acme`, { note: 'y' }, { 'if-match': '*' })).status).toBe(200)
    expect((await ask('DELETE', `${list}/acme`, undefined, { 'if-match': '"3"' })).status).toBe(200)
    expect((await ask('GET', `${list}/acme`)).status).toBe(404)
  })

  test('that two change at once is changed by one of them', async () => {
    const { ask } = await withClients({ id: 'acme', name: 'Acme' })
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((note) => ask('PATCH', `${list}/acme`, { note }, { 'if-match': '"1"' })),
    )
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 412, 412])
  })

  test('that another node has changed is at that node’s revision, whatever is known of it here', async () => {
    const file = join(temporaryFolder(), 'clients.sqlite')
    const [here, there] = [await clientsApi({ file }), await clientsApi({ file })]
    await here.ask('POST', list, { id: 'acme', name: 'Acme' })
    await there.until(() => there.store.get('acme') !== undefined)
    expect((await there.ask('PATCH', `${list}/acme`, { note: 'theirs' }, { 'if-match': '"1"' })).status).toBe(200)
    const late = await here.ask('PATCH', `${list}/acme`, { note: 'ours' }, { 'if-match': '"1"' })
    expect([late.status, late.headers.get('etag')]).toEqual([412, '"2"'])
    expect((await here.ask('PATCH', `${list}/acme`, { rate: '5/s' }, { 'if-match': '"2"' })).status).toBe(200)
    expect((await here.ask('PUT', '/api/plans/p', {})).status).toBe(201)
    expect([409, 428]).toContain((await there.ask('PUT', '/api/plans/p', {})).status)
  })

  test('gets a new key, and the one before counts no more', async () => {
    const { ask, follower } = await clientsApi()
    const before = await bodyOf(await ask('POST', list, { id: 'acme', name: 'Acme' }))
    const renewed = await ask('POST', `${list}/acme/key`)
    const after = await bodyOf(renewed)
    expect([renewed.status, renewed.headers.get('etag')]).toEqual([200, '"2"'])
    const { directory } = follower
    expect(directory.byKey(String(before['key']))).toBeUndefined()
    expect(directory.byKey(String(after['key']))?.id).toBe('acme')
    expect((await ask('POST', `${list}/nobody/key`)).status).toBe(404)
    expect((await ask('POST', `${list}/acme/key`, undefined, { 'if-match': '"1"' })).status).toBe(412)
    expect((await ask('POST', `${list}/acme/key`, undefined, { 'if-match': '"2"' })).status).toBe(200)
  })

  test('that is not there is told as such, however long its name', async () => {
    const { ask } = await clientsApi()
    const long = 'x'.repeat(9000)
    for (const id of ['nope', long, '..%2F..', "a'%20OR%201%3D1"])
      for (const [method, body] of [
        ['GET', undefined],
        ['PATCH', { note: '' }],
        ['DELETE', undefined],
      ] as const) {
        const answer = await ask(method, `${list}/${id}`, body)
        const detail = String(await detailOf(answer))
        expect([answer.status, detail.length < 300]).toEqual([404, true])
        expect(detail).toStartWith('There is no client ')
      }
  })

  test('that has not changed needs not be told again', async () => {
    const { ask } = await withClients({ id: 'acme', name: 'Acme' })
    expect((await ask('GET', `${list}/acme`, undefined, { 'if-none-match': '"1"' })).status).toBe(304)
    expect((await ask('GET', `${list}/acme`, undefined, { 'if-none-match': '"2"' })).status).toBe(200)
  })

  test('leaves an event behind with each change, and never its key', async () => {
    const { ask, events } = await clientsApi()
    const { key } = await bodyOf(await ask('POST', list, { id: 'acme', name: 'Acme' }, { 'user-agent': 'curl/8' }))
    await ask('PATCH', `${list}/acme`, { rate: '5/m' }, { 'if-match': '*' })
    await ask('DELETE', `${list}/acme`, undefined, { 'if-match': '*' })
    expect(events).toMatchObject([
      { kind: 'client-changed', from: 'api from 127.0.0.1', what: 'client acme added' },
      { kind: 'client-changed', what: 'client acme changed', after: { rate: { count: 5, perMs: 60_000 } } },
      { kind: 'client-changed', what: 'client acme removed' },
    ])
    expect(JSON.stringify(events)).not.toContain(String(key))
  })
})

describe('a list of clients', () => {
  const some = [
    { id: 'a', name: 'Ann', plan: null, note: 'first' },
    { id: 'b', name: 'Bob', enabled: false },
    { id: 'c', name: 'Carl & Co', note: 'x%y_z' },
  ]
  const idsOf = async (response: Response): Promise<unknown> =>
    ((await bodyOf(response))['clients'] as readonly Json[]).map(({ id }) => id)

  test('comes page by page', async () => {
    const { ask } = await withClients(...some)
    const first = await bodyOf(await ask('GET', `${list}?limit=2`))
    expect(first).toMatchObject({ clients: [{ id: 'a' }, { id: 'b' }], total: 3, next: 'b', store: { state: 'up' } })
    const last = await bodyOf(await ask('GET', `${list}?limit=2&after=b`))
    expect(last).toMatchObject({ clients: [{ id: 'c' }], total: 3, next: null })
  })

  test.each([
    ['?search=ANN', ['a']],
    ['?search=first', ['a']],
    ['?search=%26', ['c']],
    ['?search=%25y_', ['c']],
    ['?search=_', ['c']],
    ['?search=', ['a', 'b', 'c']],
    ["?search='%20OR%201=1--", []],
    ['?enabled=true', ['a', 'c']],
    ['?enabled=false', ['b']],
    ['?plan=gold', []],
    ['?after=b', ['c']],
    ['?after=bb', ['c']],
    ['?after=z', []],
    ['?search=a&enabled=true', ['a', 'c']],
    ['?', ['a', 'b', 'c']],
  ])('asked for by %s has %j', async (query, ids) => {
    const { ask } = await withClients(...some)
    expect(await idsOf(await ask('GET', `${list}${query}`))).toEqual(ids)
  })

  test.each([
    ['?limit=0', '?limit must be a whole number from 1 to 1000, got "0"'],
    ['?limit=1001', '?limit must be a whole number from 1 to 1000, got "1001"'],
    ['?limit=1e2', '?limit must be a whole number from 1 to 1000, got "1e2"'],
    ['?limit=-1', '?limit must be a whole number from 1 to 1000, got "-1"'],
    ['?limit=', '?limit must be a whole number from 1 to 1000, got ""'],
    ['?limit=1&limit=2', '?limit must stand there once'],
    ['?enabled=yes', '?enabled must be true or false, got "yes"'],
    ['?plan=%00', '?plan must be a name of up to 64 letters'],
    ['?after=a%0Ab', '?after must be a name of up to 64 letters'],
    [`?search=${'x'.repeat(201)}`, '?search must be a text of up to 200 characters, got "xxx'],
    ['?serach=x', '"?serach" is not known'],
    ['?__proto__=x', '"?__proto__" is not known'],
  ])('is not told for %s: %s', async (query, problem) => {
    const { ask } = await clientsApi()
    const refused = await ask('GET', `${list}${query}`)
    expect([refused.status, await detailOf(refused)]).toEqual([400, expect.stringContaining(problem)])
  })
})

describe('a bad client', () => {
  test.each<[unknown, string]>([
    ['', 'The body must hold a JSON object, this file is empty.'],
    ['{', 'The body: '],
    ['{"name":"a","name":"b"}', 'The body: name stands here twice.'],
    ['['.repeat(100), 'The body must not nest deeper than 64 levels.'],
    [[], 'The body must be an object with the keys id, name,'],
    [{}, 'name is required.'],
    [{ name: '' }, 'name must be a text of 1 to 200 characters'],
    [{ name: 'x'.repeat(201) }, 'name must be a text of 1 to 200 characters'],
    [{ name: 'a\u001b[31mred' }, 'name must be a text of 1 to 200 characters without control characters'],
    [{ name: 'a\nb' }, 'name must be a text'],
    [{ name: 5 }, 'name must be a text'],
    [{ name: 'x', id: '../etc' }, 'id must be a name of up to 64 letters'],
    [{ name: 'x', id: '' }, 'id must be a name'],
    [{ name: 'x', rate: '0/s' }, 'rate must be a rate such as "100/s", "1000/h", got "0/s".'],
    [{ name: 'x', rate: '-1/s' }, 'rate must be a rate'],
    [{ name: 'x', rate: '1000000001/s' }, 'rate must be a rate'],
    [{ name: 'x', rate: 100 }, 'rate must be a rate or null'],
    [{ name: 'x', burst: 0 }, 'burst must be a whole number from 1 to 1000000000, got 0.'],
    [{ name: 'x', burst: 1.5 }, 'burst must be a whole number'],
    [{ name: 'x', burst: 1e10 }, 'burst must be a whole number'],
    [{ name: 'x', burst: '5' }, 'burst must be a whole number from 1 to 1000000000 or null'],
    [{ name: 'x', note: 'a\u0000b' }, 'note must be a text of up to 2000 characters'],
    [{ name: 'x', note: 'x'.repeat(2001) }, 'note must be a text of up to 2000 characters'],
    [{ name: 'x', enabled: 'yes' }, 'enabled must be true or false, got "yes".'],
    [{ name: 'x', validUntil: 'tomorrow' }, 'validUntil must be a time such as "2030-01-01T00:00:00Z"'],
    [{ name: 'x', validUntil: '2030-02-30T00:00:00Z' }, 'validUntil must be a date that there is'],
    [{ name: 'x', validUntil: '2030-13-01T00:00:00Z' }, 'validUntil must be a date that there is'],
    [{ name: 'x', plan: 'nope' }, 'plan must be the name of a plan, got "nope"; add it first.'],
    [{ name: 'x', key: 'sek_mine' }, 'key is not a known key'],
    [{ name: 'x', keyHash: '0'.repeat(64) }, 'keyHash is not a known key'],
    ['{"name":"x","__proto__":{}}', 'The body: __proto__ is not allowed as a key.'],
    [{ name: '\ud800' }, 'name must be'],
  ])('%j is not added: %s', async (body, problem) => {
    const { ask } = await clientsApi()
    const refused = await ask('POST', list, body)
    expect([400, 422]).toContain(refused.status)
    expect(await detailOf(refused)).toStartWith(problem)
    expect(await bodyOf(await ask('GET', list))).toMatchObject({ total: 0 })
  })

  test('of more bytes than anybody needs is not read', async () => {
    const { ask } = await clientsApi()
    expect((await ask('POST', list, { name: 'x', note: 'x'.repeat(70_000) })).status).toBe(413)
  })

  test('leaves the one that is there as it was', async () => {
    const { ask } = await withClients({ id: 'acme', name: 'Acme', rate: '5/s' })
    for (const body of [{}, { rate: 'x' }, { id: 'other' }, { validUntil: '2030-02-30T00:00:00Z' }, { plan: 'nope' }])
      expect((await ask('PATCH', `${list}/acme`, body, { 'if-match': '*' })).status).toBe(422)
    expect(await bodyOf(await ask('GET', `${list}/acme`))).toMatchObject({ name: 'Acme', rate: '5/s', revision: 1 })
  })

  test('is stored as it is, whatever it would mean to a database', async () => {
    const name = `Robert'); DROP TABLE smartedge_clients;-- $1 \\ "`
    const { ask } = await withClients({ id: 'bobby', name, note: name })
    expect(await bodyOf(await ask('GET', `${list}/bobby`))).toMatchObject({ name, note: name })
  })
})
