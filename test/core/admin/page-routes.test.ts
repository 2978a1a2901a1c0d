import { describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { pageFiles } from '../../../core/admin/page-files.ts'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { adminServer, urlOf } from '../../support/admin-server.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'

const handler = createAdminHandler({
  access: () => ({ kind: 'guarded', token: new Secret('secret') }),
  source: fakeAdminSource(),
})

const html = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

/** As a browser asks that has no token. */
const ask = (path: string, fields: Readonly<Record<string, string>> = {}, method = 'GET') =>
  handler(adminRequest(path, { method, headers: { host: 'edge.example', 'sec-fetch-site': 'none', ...fields } }))

const page = await (await ask('/', html)).text()
/** What the page names. */
const named = [...page.matchAll(/<(?!a )[^>]*(?:src|href)="([^"]*)"/g)].map(([, target = '']) => target)

describe('the page', () => {
  test('is made of files of this address alone, each of which is there', async () => {
    expect(
      named.map((target) => target.split('.').at(-1) ?? '').toSorted((one, other) => (one < other ? -1 : 1)),
    ).toEqual(['css', 'js', 'svg'])
    for (const target of named) {
      // Relative: it may stand behind a proxy, below a path.
      expect(target).toMatch(/^\.\/page\/[\w.-]+$/)
      const { status, headers } = await ask(target.slice(1))
      expect([target, status]).toEqual([target, 200])
      expect(headers.get('content-type')).toMatch(/^(?:text\/css; |text\/javascript; |image\/svg\+xml)/)
    }
    expect(new Set((await pageFiles()).keys())).toEqual(
      new Set(['index.html', ...named.map((target) => target.slice(2))]),
    )
  })

  test('has no script and no style of its own text, and may load nothing from elsewhere', async () => {
    expect(page).not.toMatch(/<style|\son\w+=|\sstyle=|<script(?![^>]*\ssrc=)/)
    for (const path of ['/', ...named.map((target) => target.slice(1))]) {
      const { headers } = await ask(path, html)
      expect(headers.get('content-security-policy')?.split('; ')).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "img-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ])
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  test('needs no token, and what it fetches does', async () => {
    const { status, headers } = await ask('/', html)
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    for (const path of ['/api/events', '/api/status', '/api/config', '/api/reloads', '/api/config/generations'])
      expect([path, (await ask(path)).status]).toEqual([path, 401])
  })

  test.each([
    ['text/html', 'page'],
    ['application/json, text/html;q=0.1', 'page'],
    ['TEXT/HTML', 'page'],
    ['text/html;q=0', 'links'],
    ['application/json', 'links'],
    ['*/*', 'links'],
    ['', 'links'],
    ['x-text/html', 'links'],
  ])('is for browsers: to Accept %j comes the %s', async (accept, what) => {
    const answer = await ask('/', { accept, authorization: 'Bearer secret' })
    expect(answer.headers.get('content-type')).toBe(what === 'page' ? 'text/html; charset=utf-8' : 'application/json')
    expect(answer.headers.get('vary')).toStartWith('accept')
    // What there is to ask for is told as ever.
    expect((await ask('/', { accept })).status).toBe(what === 'page' ? 200 : 401)
  })

  test('is asked about each time, and what it is made of never again', async () => {
    const { headers } = await ask('/', { ...html, 'accept-encoding': 'gzip' })
    const etag = headers.get('etag') ?? ''
    expect([headers.get('cache-control'), etag]).toEqual(['no-cache', expect.stringMatching(/^"[0-9a-f]{16}-gzip"$/)])
    const again = await ask('/', { ...html, 'accept-encoding': 'gzip', 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('vary')).toBe('accept, accept-encoding')
    for (const target of named) {
      const { headers } = await ask(target.slice(1))
      expect(target).toMatch(/-[0-9a-z]{8}\.\w+$/)
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect((await ask(target.slice(1), { 'if-none-match': headers.get('etag') ?? '' })).status).toBe(304)
    }
  })

  test('is packed once for who takes it so', async () => {
    for (const target of named) {
      const plain = await (await ask(target.slice(1))).text()
      const packed = await ask(target.slice(1), { 'accept-encoding': 'gzip, deflate, br' })
      const bytes = new Uint8Array(await packed.arrayBuffer())
      expect(packed.headers.get('content-encoding')).toBe('gzip')
      expect(packed.headers.get('content-length')).toBe(String(bytes.length))
      expect(new TextDecoder().decode(gunzipSync(bytes)) === plain).toBeTrue()
    }
  })

  test('is small: less than 100 kB are sent in all', async () => {
    const sizes = await Promise.all(
      ['/', ...named.map((target) => target.slice(1))].map(async (path) => {
        const answer = await ask(path, { ...html, 'accept-encoding': 'gzip' })
        return (await answer.arrayBuffer()).byteLength
      }),
    )
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(100_000)
  })

  test('has no other files, and answers nothing but GET and HEAD', async () => {
    for (const name of ['index.js', '..%2Findex.html', '%2Fetc%2Fpasswd', 'constructor', '__proto__', 'x%00'])
      expect([name, (await ask(`/page/${name}`)).status]).toEqual([name, 404])
    for (const path of ['/', '/page/x.js']) {
      const answer = await ask(path, { authorization: 'Bearer secret', 'sec-fetch-site': 'same-origin' }, 'POST')
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
  })

  test('comes over a socket whole, to HEAD without a body', async () => {
    const url = urlOf(await adminServer(), '/')
    expect(await (await fetch(url, { headers: html })).text()).toBe(page)
    const head = await fetch(url, { method: 'HEAD', headers: html })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})
