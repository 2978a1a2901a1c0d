import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'bun:test'
import { previewAnswers } from '../../../core/admin/preview-schemas.ts'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import type { AdminPreviews, PreviewPut, PreviewView } from '../../../core/preview/contract.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'

const path = '/api/previews/pr-1.example.org'
const view: PreviewView = {
  host: 'pr-1.example.org',
  url: 'http://a:80',
  until: '2026-01-03T00:00:00.000Z',
  at: '2026-01-01T00:00:00.000Z',
  origin: 'api from 127.0.0.1',
  hiddenBy: null,
}

function start(put: PreviewPut = { kind: 'added', preview: view }) {
  const asked: unknown[] = []
  const previews: AdminPreviews = {
    list: () => [view],
    put: async (wish, origin) => {
      asked.push([wish, origin])
      return put
    },
    remove: async (host) => host === view.host,
  }
  const access = { kind: 'changes-guarded', token: new Secret('t'), advice: '' } as const
  const handler = createAdminHandler({ access: () => access, source: fakeAdminSource({ previews }) })
  const ask = (method: string, url: string, body?: unknown, token = 't') =>
    handler(
      adminRequest(url, {
        method,
        headers: { host: 'localhost:9900', authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
      '127.0.0.1',
    )
  return { ask, asked }
}

const detailOf = async (response: Response) => ((await response.json()) as { detail: string }).detail

describe('previews through the API', () => {
  test('are listed, added, replaced and removed', async () => {
    const { ask, asked } = start()
    const list = await (await ask('GET', '/api/previews')).json()
    const validate = addFormats.default(new Ajv2020({ allErrors: true })).compile(previewAnswers.Previews)
    validate(list)
    expect([validate.errors, list]).toEqual([null, { previews: [view], most: 100 }])
    const put = await ask('PUT', path, { url: 'http://a:80', for: '2d' })
    expect([put.status, await put.json()]).toEqual([201, view])
    expect(asked).toEqual([
      [{ host: 'pr-1.example.org', url: 'http://a:80', forMs: 172_800_000 }, 'api from 127.0.0.1'],
    ])
    expect(
      (await start({ kind: 'replaced', preview: view }).ask('PUT', path, { url: 'http://a:80', for: '1h' })).status,
    ).toBe(200)
    expect((await ask('DELETE', path)).status).toBe(200)
    expect(await detailOf(await ask('DELETE', '/api/previews/other'))).toContain('There is no preview other')
  })

  test.each([
    [{}, 422],
    [{ url: 'http://a:80' }, 422],
    [{ url: 'a:80', for: '2d' }, 422],
    [{ url: 'http://a:80', for: '2y' }, 422],
    [{ url: 'http://a:80', for: '31d' }, 422],
    [{ url: 'http://a:80', for: '59s' }, 422],
    [{ url: 'http://a:80', for: 7 }, 422],
    [{ url: 'http://a:80', for: '2d', host: 'x' }, 422],
    [[], 422],
  ])('refuse %j', async (body, status) => {
    const { ask, asked } = start()
    expect((await ask('PUT', path, body)).status).toBe(status)
    expect(asked).toEqual([])
  })

  test('say what is wrong with a host, and why one cannot be', async () => {
    const invalid = start({ kind: 'invalid', key: 'host', rule: 'must be one host', hint: 'did you mean "a"?' })
    expect(await detailOf(await invalid.ask('PUT', path, { url: 'http://a:80', for: '2d' }))).toBe(
      'host must be one host, got "pr-1.example.org".',
    )
    const full = await start({ kind: 'refused', detail: 'There are 100.' }).ask('PUT', path, {
      url: 'http://a',
      for: '2d',
    })
    expect([full.status, await detailOf(full)]).toEqual([409, 'There are 100.'])
  })

  test('need the token to change something', async () => {
    const { ask, asked } = start()
    for (const method of ['PUT', 'DELETE'])
      expect((await ask(method, path, { url: 'http://a:80', for: '2d' }, 'wrong')).status).toBe(401)
    expect(asked).toEqual([])
  })

  test('are none where there are no files', async () => {
    const handler = createAdminHandler({ access: () => ({ kind: 'open' }), source: fakeAdminSource() })
    const response = await handler(adminRequest('/api/previews', { headers: { host: 'localhost:9900' } }), '127.0.0.1')
    expect(response.status).toBe(409)
  })
})
