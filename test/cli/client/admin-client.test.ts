import { expect, test } from 'bun:test'
import { askAdmin } from '../../../cli/client/admin-client.ts'
import { recordField } from '../../support/field-recorder.ts'

test('a client of the admin API names itself, and the dashboard besides', async () => {
  const { port, seen } = recordField('user-agent')
  const target = { url: `http://127.0.0.1:${port}`, token: undefined }
  await askAdmin(target, '/')
  await askAdmin({ ...target, client: 'top' }, '/', { method: 'PATCH', body: {} })
  expect(seen).toEqual([
    expect.stringMatching(/^smartedge\/[\d.]+$/),
    expect.stringMatching(/^smartedge\/[\d.]+ \(top\)$/),
  ])
})
