import { describe, expect, test } from 'bun:test'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import type { AdminSource } from '../../../core/admin/source.ts'
import type { ExplainQuery } from '../../../core/explain/store.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { fakeBackend } from '../../support/edge-view.ts'

const text = '{"sampling":{},"explanations":[]}\n'

async function ask(query: string, explain?: AdminSource['explain']) {
  const asked: ExplainQuery[] = []
  const told = { has: () => true, tell: async (given: ExplainQuery) => (asked.push(given), text) }
  const source = fakeAdminSource({ explain: arguments.length > 1 ? explain : told })
  const handler = createAdminHandler({ access: () => ({ kind: 'open' }), source })
  const response = await handler(adminRequest(`/api/explain${query}`, { headers: { host: 'localhost:9900' } }))
  return { status: response.status, body: await response.text(), asked }
}

const nothing = {
  last: 20,
  status: undefined,
  slowerMs: undefined,
  route: undefined,
  pool: undefined,
  backend: undefined,
  after: undefined,
}

describe('GET /api/explain', () => {
  test.each([
    ['', {}],
    ['?last=200', { last: 200 }],
    ['?status=5xx&slower=200ms', { status: '5xx', slowerMs: 200 }],
    ['?status=404&slower=2s', { status: '404', slowerMs: 2000 }],
    ['?status=none', { status: 'none' }],
    [
      '?pool=web&backend=127.0.0.1:80&route=a.example%2F*',
      { pool: 'web', backend: '127.0.0.1:80', route: 'a.example/*' },
    ],
    ['?after=mimxk2v1-17', { after: 'mimxk2v1-17' }],
  ])('asks by %j', async (query, expected) => {
    const { status, body, asked } = await ask(query)
    expect([status, body, asked]).toEqual([200, text, [{ ...nothing, ...expected }]])
  })

  test.each([
    ['?last=0', '?last must be a whole number from 1 to 200, got "0".'],
    ['?last=201', '?last must be a whole number from 1 to 200, got "201".'],
    ['?last=1e2', '?last must be a whole number from 1 to 200, got "1e2".'],
    ['?last=', '?last must be a whole number from 1 to 200, got "".'],
    ['?last=1&last=2', '?last must stand there once.'],
    [
      '?status=6xx',
      '?status must be a status of 100 to 599, a class of them, or none such as "502", "5xx", "none", got "6xx".',
    ],
    ['?status=5XX', 'got "5XX"'],
    ['?slower=200', '?slower must be a duration in whole numbers such as "200ms", "1s", got "200".'],
    ['?slower=-1ms', 'got "-1ms"'],
    [`?pool=${'x'.repeat(5000)}`, '?pool must be a name of a pool, of 1 to 200 characters, got "xxx'],
    ['?route=', '?route must be a route in words, of 1 to 200 characters, got "".'],
    ['?after=1', '?after must be a text that an answer gave as an id such as "mimxk2v1-17", got "1".'],
    ['?stauts=5xx', '"?stauts" is not known.'],
    ['?x=%1b%5b2J', 'is not known'],
  ])('refuses %j and says why', async (query, detail) => {
    const { status, body, asked } = await ask(query)
    const told = JSON.parse(body) as { detail: string; problems: object[] }
    expect([status, asked]).toEqual([400, []])
    expect(told.detail).toContain(detail)
    expect(told.problems.length).toBe(1)
    expect(body.trimEnd()).not.toMatch(/\p{Cc}/u)
    expect(body.length).toBeLessThan(2000)
  })

  test.each([
    ['?pool=wbe', 'There is no pool "wbe"; did you mean "web"?'],
    ['?pool=nosuch&status=5xx', 'There is no pool "nosuch"; there are web, api'],
    ['?route=/x', 'There is no route "/x"; there is a.example/*'],
    ['?backend=nosuch', `There is no backend "nosuch"; there is ${fakeBackend().id}`],
    ['?pool=web&route=a.example%2F*', undefined],
    ['?route=a.example%2F*%20to%20web', undefined],
    [`?backend=${encodeURIComponent(fakeBackend().id)}`, undefined],
  ])('that finds nothing says of %j whether its names are known', async (query, detail) => {
    const pools = ['web', 'api'].map((name) => ({ name }))
    const config = () => ({ ...fakeAdminSource().config(), pools }) as never
    const source = fakeAdminSource({ config, explain: { has: () => false, tell: async () => text } })
    const handler = createAdminHandler({ access: () => ({ kind: 'open' }), source })
    const response = await handler(adminRequest(`/api/explain${query}`, { headers: { host: 'localhost:9900' } }))
    const body = (await response.json()) as { detail?: string }
    expect([response.status, body.detail]).toEqual([detail === undefined ? 200 : 400, detail])
  })

  test('says how to have explanations where nobody has asked for any', async () => {
    const { status, body } = await ask('', undefined)
    expect(status).toBe(409)
    expect(body).toContain('put \\"explain\\": {} into the configuration')
  })

  test('wants the token where reads are guarded', async () => {
    const handler = createAdminHandler({
      access: () => ({ kind: 'guarded', token: new Secret('a') }),
      source: fakeAdminSource(),
    })
    expect((await handler(adminRequest('/api/explain', { headers: { host: 'localhost' } }))).status).toBe(401)
  })
})
