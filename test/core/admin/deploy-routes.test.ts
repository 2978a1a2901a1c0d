import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'bun:test'
import { deployAnswers } from '../../../core/admin/deploy-schemas.ts'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { deployRig } from '../../support/deploy-rig.ts'

const path = '/api/pools/web/deploys'

async function start() {
  const rig = await deployRig()
  const source = fakeAdminSource({ config: () => rig.edge.config, control: rig.controller, deploys: rig.deploys })
  const handler = createAdminHandler({
    access: () => ({ kind: 'changes-guarded', token: new Secret('t'), advice: '' }),
    source,
  })
  const ask = (method: string, url: string, body?: unknown, token = 't') =>
    handler(
      adminRequest(url, {
        method,
        headers: {
          host: 'localhost:9900',
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
      '127.0.0.1',
    )
  return { ...rig, rig, ask }
}

const bodyOf = async (response: Response) => (await response.json()) as Record<string, unknown>

describe('deploys through the API', () => {
  test('begin, are told of, and are aborted', async () => {
    const { ask } = await start()
    expect(await bodyOf(await ask('GET', path))).toEqual({ pool: 'web', deploys: [], replaced: null })
    const canary = { share: 0.05, for: '5m', promoteIf: 'errors<2%' }
    const begun = await ask('POST', path, { members: ['http://c:80'], timeout: '90s', canary })
    expect(begun.status).toBe(202)
    const deploy = await bodyOf(begun)
    expect(deploy).toMatchObject({
      id: 1,
      origin: 'api from 127.0.0.1',
      phase: 'waiting',
      timeoutMs: 90_000,
      canary: { share: 0.05, forMs: 300_000, promoteIf: 'errors<2%', minRequests: 100 },
    })
    const validate = addFormats.default(new Ajv2020({ allErrors: true })).compile(deployAnswers.Deploys)
    const told = await bodyOf(await ask('GET', path))
    validate(told)
    expect(validate.errors).toBeNull()
    expect(told).toEqual({ pool: 'web', deploys: [deploy], replaced: null })
    expect((await ask('POST', path, { members: ['http://d:80'] })).status).toBe(409)
    expect(await bodyOf(await ask('DELETE', path))).toMatchObject({ phase: 'aborted', over: true })
    expect((await ask('DELETE', path)).status).toBe(409)
  })

  test('change the pool, and are rolled back', async () => {
    const { ask, rig } = await start()
    await ask('POST', path, { members: ['http://c:80'] })
    rig.check('c:80', true)
    await rig.until('done')
    expect(await bodyOf(await ask('GET', path))).toMatchObject({ replaced: ['a:80', 'b:80'] })
    expect(await bodyOf(await ask('POST', path, { rollback: true }))).toMatchObject({
      rollback: true,
      added: ['a:80', 'b:80'],
    })
  })

  test.each([
    ['{', 400],
    ['[]', 422],
    [{}, 422],
    [{ members: [] }, 422],
    [{ members: 'http://c:80' }, 422],
    [{ members: ['c:80'] }, 422],
    [{ members: [{ url: 'http://c:80', weight: 0 }] }, 422],
    [{ members: ['http://${HOST}:80'] }, 422],
    [{ members: ['http://c:80'], rollback: true }, 422],
    [{ rollback: false }, 422],
    [{ timeout: '1m' }, 422],
    [{ members: ['http://c:80'], timeout: '1ms' }, 422],
    [{ members: ['http://c:80'], timeout: 60 }, 422],
    [{ members: ['http://c:80'], timeout: '25h' }, 422],
    [{ members: ['http://c:80'], canary: {} }, 422],
    [{ members: ['http://c:80'], canary: { share: 5, for: '5m' } }, 422],
    [{ members: ['http://c:80'], canary: { share: 0.05, for: '0s' } }, 422],
    [{ members: ['http://c:80'], canary: { share: 0.05, for: '5m', promoteIf: 'errors>1%' } }, 422],
    [{ members: ['http://c:80'], canary: { share: 0.05, for: '5m', minRequests: 0 } }, 422],
    [{ members: ['http://c:80'], member: 1 }, 422],
    [{ members: Array.from({ length: 5000 }, (_, index) => `http://c${index}:80`) }, 413],
  ])('refuse %j', async (body, status) => {
    const { ask, told } = await start()
    const response = await ask('POST', path, body)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(told).toEqual([])
  })

  test('need the token to change something, and no token to be told of', async () => {
    const { ask } = await start()
    expect((await ask('POST', path, { members: ['http://c:80'] }, 'wrong')).status).toBe(401)
    expect((await ask('DELETE', path, undefined, 'wrong')).status).toBe(401)
  })

  test('are of a pool that there is', async () => {
    const { ask } = await start()
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await ask(method, '/api/pools/wob/deploys', method === 'POST' ? { rollback: true } : undefined)
      expect(await bodyOf(response)).toMatchObject({
        status: 404,
        detail: expect.stringContaining('did you mean "web"?'),
      })
    }
  })

  test('are none where there are no files', async () => {
    const rig = await deployRig()
    const handler = createAdminHandler({
      access: () => ({ kind: 'open' }),
      source: fakeAdminSource({ config: () => rig.edge.config }),
    })
    const response = await handler(adminRequest(path, { headers: { host: 'localhost:9900' } }), '127.0.0.1')
    expect(response.status).toBe(409)
  })
})
