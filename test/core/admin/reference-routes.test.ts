import { describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { adminServer, urlOf } from '../../support/admin-server.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'

const handler = createAdminHandler({
  access: () => ({ kind: 'guarded', token: new Secret('secret') }),
  source: fakeAdminSource(),
})

/** As a browser asks that has no token. */
const ask = (path: string, fields: Readonly<Record<string, string>> = {}, method = 'GET') =>
  handler(adminRequest(path, { method, headers: { host: 'edge.example', 'sec-fetch-site': 'none', ...fields } }))

const page = await (await ask('/api')).text()
/** What the page and its style sheets name. */
const named = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target = '']) => target)

describe('the reference page', () => {
  test('is made of files of this address alone, each of which is there', async () => {
    expect(named).toContain('api/reference/swagger-ui-bundle.js')
    for (const target of named.filter((one) => !one.startsWith('data:') && one !== 'openapi.json')) {
      expect(target).toMatch(/^api\/reference\/[\w.-]+$/)
      const { status, headers } = await ask(`/${target}`)
      expect([target, status]).toEqual([target, 200])
      expect(headers.get('content-type')).toMatch(target.endsWith('.css') ? /^text\/css;/ : /^text\/javascript;/)
    }
  })

  test('has no script and no style of its own text, and may load nothing from elsewhere', async () => {
    expect(page).not.toMatch(/<style|\son\w+=|\sstyle=|<script(?![^>]*\ssrc=)/)
    const { headers } = await ask('/api')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toStartWith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('needs no token, and what it fetches does', async () => {
    const { status, headers } = await ask('/api')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect((await ask('/openapi.json')).status).toBe(401)
    expect((await ask('/openapi.json', { authorization: 'Bearer secret' })).status).toBe(200)
  })

  test.each([
    ['gzip', 'gzip'],
    ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'gzip'],
    ['GZIP', 'gzip'],
    ['gzip;q=0', null],
    ['gzip; q=0.0', null],
    ['x-gzipped', null],
    ['br', null],
    ['', null],
  ])('is sent to who takes %j packed by %j', async (accepted, coding) => {
    const path = '/api/reference/swagger-ui.css'
    const plain = await (await ask(path)).text()
    const answer = await ask(path, { 'accept-encoding': accepted })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(answer.headers.get('content-encoding')).toBe(coding)
    expect(answer.headers.get('vary')).toBe('accept-encoding')
    expect(answer.headers.get('content-length')).toBe(String(bytes.length))
    const text = new TextDecoder().decode(coding === null ? bytes : gunzipSync(bytes))
    expect(text === plain).toBeTrue()
    if (coding !== null) expect(bytes.length).toBeLessThan(plain.length / 4)
  })

  test('is kept by browsers, and asked about', async () => {
    for (const path of ['/api', '/api/reference/swagger-ui-bundle.js']) {
      const packed = { 'accept-encoding': 'gzip' }
      const { headers } = await ask(path, packed)
      const etag = headers.get('etag') ?? ''
      expect([headers.get('cache-control'), etag]).toEqual(['no-cache', expect.stringMatching(/^"[0-9a-f]{16}-gzip"$/)])
      const known = await ask(path, { ...packed, 'if-none-match': etag })
      expect([known.status, await known.text()]).toEqual([304, ''])
      expect(['cache-control', 'vary', 'etag'].map((name) => known.headers.get(name))).toEqual([
        'no-cache',
        'accept-encoding',
        etag,
      ])
      // Another form of it is another thing.
      expect((await ask(path, { 'if-none-match': etag })).status).toBe(200)
    }
  })

  test('has no other files', async () => {
    for (const name of ['swagger-ui.js', '..%2Froutes.ts', '%2Fetc%2Fpasswd', 'constructor', 'page.html%00'])
      expect([name, (await ask(`/api/reference/${name}`)).status]).toEqual([name, 404])
  })

  test('comes over a socket whole, to HEAD without a body', async () => {
    const server = await adminServer()
    const url = urlOf(server, '/api/reference/swagger-ui-bundle.js')
    const whole = await (await fetch(url)).text()
    expect(whole).toContain('SwaggerUIBundle')
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const shown = await fetch(urlOf(server, '/api'))
    expect(await shown.text()).toBe(page)
  })
})
