import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'bun:test'
import { historyAnswers } from '../../../core/admin/history-schemas.ts'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { controlledApi } from '../../support/controlled-api.ts'

const validatorOf = (schema: object) => addFormats.default(new Ajv2020({ allErrors: true })).compile(schema)

describe('looking back', () => {
  test('tells what reloads came to, as its schema says', async () => {
    const { ask, write } = await controlledApi()
    write('edge.json', '{ "pools": 7 }')
    expect((await ask('POST', '/api/reload')).status).toBe(422)
    const answer = await (await ask('GET', '/api/reloads')).json()
    expect(answer).toMatchObject({
      reloads: [{ ok: false, result: 'refused', generation: 1, origin: 'api from 127.0.0.1' }],
    })
    const validate = validatorOf(historyAnswers.Reloads)
    validate(answer)
    expect(validate.errors).toBeNull()
  })

  test('tells what was in force, and what an edit changed, as its schema says', async () => {
    const { ask } = await controlledApi()
    await ask('PATCH', '/api/pools/web/backends/a:80', { weight: 3 })
    const answer = await (await ask('GET', '/api/config/generations')).json()
    expect(answer).toMatchObject({
      generations: [
        { number: 2, changes: [{ key: 'pools.web', text: 'weight of a:80 1 -> 3' }], omitted: 0 },
        { number: 1, origin: 'start', changes: [] },
      ],
    })
    const validate = validatorOf(historyAnswers.Generations)
    validate(answer)
    expect(validate.errors).toBeNull()
  })

  test('tells of nothing where nothing can be reloaded', async () => {
    const handler = createAdminHandler({ access: () => ({ kind: 'open' }), source: fakeAdminSource() })
    const ask = async (path: string) =>
      (await handler(adminRequest(path, { headers: { host: 'localhost' } }))).json() as Promise<object>
    expect(await ask('/api/reloads')).toEqual({ reloads: [] })
    expect(await ask('/api/config/generations')).toEqual({ generations: [] })
  })
})
