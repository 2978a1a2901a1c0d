import { createServer } from 'node:net'
import { expect, test } from 'bun:test'
import { askAdmin } from '../../../cli/client/admin-client.ts'
import { report } from '../../../cli/client/admin-failure.ts'
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

// A stopped process: the system takes its connections, and it reads none of them. It was told to be none.
test('whoever takes a connection and says nothing is told from nobody', async () => {
  const hung = createServer()
  await new Promise<void>((resolve) => void hung.listen(0, '127.0.0.1', resolve))
  const { port } = hung.address() as { readonly port: number }
  const target = { url: `http://127.0.0.1:${port}`, token: undefined }
  const silence = { kind: 'silent', reason: 'no answer within 0.05 s' } as const
  expect(await askAdmin(target, '/', { method: 'GET', patienceMs: 50 })).toEqual(silence)
  hung.close()
  let err = ''
  const code = report({ command: 'smartedge', stderr: (text) => void (err += text) }, target, silence)
  expect(code).toBe(69)
  expect(err).toBe(
    `smartedge: something listens at ${target.url}, and does not answer (no answer within 0.05 s): it is stopped, hung ` +
      'or no SmartEdge; continue or restart that process, or, if another is meant, name it with --url or its configuration with -c\n',
  )
})
