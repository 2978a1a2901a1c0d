import { describe, expect, test } from 'bun:test'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { type ClientsApi, clientsApi, nodeOn } from '../../support/clients-api.ts'
import { fail } from '../../support/fail.ts'

interface Refusal {
  readonly detail: string
  readonly problems: readonly { readonly line: number; readonly key: string; readonly rule: string }[]
}

const jsonl = { 'content-type': 'application/jsonl' }

const send = ({ ask }: Pick<ClientsApi, 'ask'>, lines: readonly unknown[], query = '') =>
  ask('POST', `/api/clients/import${query}`, lines.map((line) => JSON.stringify(line)).join('\n'), jsonl)

const refusalOf = async (response: Response): Promise<Refusal> => (await response.json()) as Refusal

const manyClients = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `c${at}`, name: `Client ${at}` }))

describe('an import', () => {
  test('adds all of them, with keys that are told this once', async () => {
    const api = await clientsApi()
    const body = '{"id":"a","name":"Ann","rate":"5/s"}\r\n\n  \n{"id":"b","name":"Bob","plan":null}\n'
    const answer = await api.ask('POST', '/api/clients/import', body, jsonl)
    expect(answer.status).toBe(200)
    const { keys, ...counts } = (await answer.json()) as { keys: { id: string; key: string }[] }
    expect(counts).toEqual({ added: 2, replaced: 0 })
    expect(keys.map(({ key }) => api.follower.directory.byKey(key)?.id)).toEqual(['a', 'b'])
    expect(api.events).toMatchObject([{ kind: 'client-changed', what: 'clients imported', after: { added: 2 } }])
    expect(JSON.stringify(api.events)).not.toContain('sek_')
  })

  test('of ten thousand with one bad line is told by that line, and nothing is done', async () => {
    const api = await clientsApi()
    const lines = manyClients(10_000).map((client, at) => (at === 6999 ? { ...client, rate: 'fast' } : client))
    const refused = await send(api, lines)
    const { detail, problems } = await refusalOf(refused)
    expect(refused.status).toBe(422)
    expect(problems).toMatchObject([{ line: 7000, key: 'rate' }])
    expect(detail).toStartWith('Nothing was imported. line 7000: rate must be a rate such as "100/s"')
    expect(api.store.list({ limit: 1 }).total).toBe(0)
    expect((await send(api, manyClients(10_000))).status).toBe(200)
    expect(api.store.list({ limit: 1 }).total).toBe(10_000)
  })

  test('names the lines of what only the database knows to be wrong', async () => {
    const api = await clientsApi()
    await api.ask('POST', '/api/clients', { id: 'there', name: 'There' })
    const body = ['', '{"id":"a","name":"A","plan":"nope"}', '', '{"id":"there","name":"T"}'].join('\n')
    const refused = await api.ask('POST', '/api/clients/import', body, jsonl)
    expect((await refusalOf(refused)).problems.map(({ line, key }) => [line, key])).toEqual([
      [2, 'plan'],
      [4, 'id'],
    ])
    expect(api.store.get('a')).toBeUndefined()
  })

  test('replaces what is there when that is wanted, which keeps its key', async () => {
    const api = await clientsApi()
    const added = (await (await api.ask('POST', '/api/clients', { id: 'a', name: 'A' })).json()) as { key: string }
    expect((await send(api, [{ id: 'a', name: 'B' }])).status).toBe(422)
    const replaced = await send(api, [{ id: 'a', name: 'B' }], '?replace=true')
    expect(await replaced.json()).toEqual({ added: 0, replaced: 1, keys: [] })
    expect(api.follower.directory.byKey(added.key)?.name).toBe('B')
    expect((await send(api, [{ id: 'a', name: 'C' }], '?replace=1')).status).toBe(400)
  })

  test('of an export elsewhere has the same clients, with the keys that they have', async () => {
    const [one, other] = [await clientsApi(), await clientsApi()]
    const given = { id: 'a', name: 'Ann "x"', rate: '7/d', burst: 3, note: 'n\nm', validUntil: '2031-02-03T04:05:06Z' }
    const { key } = (await (await one.ask('POST', '/api/clients', given)).json()) as { key: string }
    const exported = await one.ask('GET', '/api/clients.jsonl')
    const text = await exported.text()
    expect(exported.headers.get('content-type')).toBe('application/jsonl')
    expect(text).not.toContain(key)
    const imported = await other.ask('POST', '/api/clients/import', text, jsonl)
    expect(await imported.json()).toEqual({ added: 1, replaced: 0, keys: [] })
    expect(other.follower.directory.byKey(key)).toMatchObject({ id: 'a', name: 'Ann "x"', burst: 3, note: 'n\nm' })
    expect(await (await other.ask('GET', '/api/clients.jsonl')).text()).toBe(text)
  })

  test.each<[string, string, string]>([
    ['an empty body', '', 'There is no line with a client in the body.'],
    ['blank lines', '\n \r\n', 'There is no line with a client in the body.'],
    ['what is no JSON', 'name,rate', 'Nothing was imported. line 1: '],
    ['half a line', '{"name":"a"}\n{"name":"b', 'Nothing was imported. line 2: '],
    ['a list', '[{"name":"a"}]', 'Nothing was imported. line 1: the client must be an object with the keys id,'],
    ['a deep line', '['.repeat(100), 'Nothing was imported. line 1: the client must not nest deeper'],
    ['a comment', '{"name":"a"} // x', 'Nothing was imported. line 1: the client must be JSON, without comments'],
    ['a key of its own', '{"name":"a","key":"sek_x"}', 'Nothing was imported. line 1: key is not a known key.'],
    [
      'a hash without prefix',
      `{"name":"a","keyHash":"${'0'.repeat(64)}"}`,
      'Nothing was imported. line 1: keyPrefix is',
    ],
    ['two of one id', '{"id":"a","name":"a"}\n{"id":"a","name":"b"}', 'Nothing was imported. line 2: id must be new'],
    ['a repeated key', '{"name":"a","name":"b"}', 'Nothing was imported. line 1: '],
    [
      'escape sequences',
      '{"name":"\\u001b]0;x\\u0007"}',
      'Nothing was imported. line 1: name must be a text of 1 to 200',
    ],
    [
      'a day that is none',
      '{"name":"a","validUntil":"2030-02-30T00:00:00Z"}',
      'Nothing was imported. line 1: validUntil',
    ],
    ['binary', 'a\u0000b', 'Nothing was imported. line 1: '],
  ])('of %s is refused', async (_, body, detail) => {
    const api = await clientsApi()
    const refused = await api.ask('POST', '/api/clients/import', body, jsonl)
    expect(refused.status).toBe(422)
    expect((await refusalOf(refused)).detail).toStartWith(detail)
    expect(api.store.list({ limit: 1 }).total).toBe(0)
  })

  test('with nothing but mistakes tells a hundred of them, and how many more', async () => {
    const refused = await send(
      await clientsApi(),
      Array.from({ length: 250 }, () => ({})),
    )
    const { detail, problems } = await refusalOf(refused)
    expect(problems).toHaveLength(100)
    expect(detail).toBe('Nothing was imported. line 1: name is required. And 249 more.')
  })

  test('is taken as JSON lines alone, and up to 16 MiB', async () => {
    const api = await clientsApi()
    for (const [type, status] of [
      ['application/x-ndjson', 200],
      ['Application/JSONL; charset=utf-8', 422],
      ['application/json', 415],
      ['text/csv', 415],
      ['', 415],
    ] as const)
      expect([
        type,
        (await api.ask('POST', '/api/clients/import', '{"id":"a","name":"a"}', { 'content-type': type })).status,
      ]).toEqual([type, status])
    const huge = `{"name":"a","note":"${'x'.repeat(17 * 1024 ** 2)}"}`
    expect((await api.ask('POST', '/api/clients/import', huge, jsonl)).status).toBe(413)
    expect((await api.ask('POST', '/api/clients/import', new Uint8Array([0x7b, 0xff]), jsonl)).status).toBe(400)
  })

  test('lets traffic in while it reads, and so does an export', async () => {
    const { store } = await nodeOn()
    let turns = 0
    const handler = createAdminHandler({
      access: () => ({ kind: 'open' }),
      source: fakeAdminSource({ clients: store }),
      soon(task) {
        turns += 1
        queueMicrotask(task)
      },
    })
    const body = manyClients(1000).map((client) => JSON.stringify(client))
    const headers = { host: 'localhost', ...jsonl }
    await handler(adminRequest('/api/clients/import', { method: 'POST', headers, body: body.join('\n') }))
    expect(turns).toBe(20)
    const exported = await handler(adminRequest('/api/clients.jsonl', { headers }))
    const text = await exported.text()
    expect([turns, text.split('\n').length]).toEqual([41, 1001])
  })

  test('that is not read to its end stops there', async () => {
    const api = await clientsApi()
    await send(api, manyClients(1000))
    const response = await api.ask('GET', '/api/clients.jsonl')
    const reader = response.body?.getReader() ?? fail('no body')
    expect((await reader.read()).done).toBeFalse()
    await reader.cancel()
    expect((await api.ask('GET', '/api/clients?limit=1')).status).toBe(200)
  })
})
