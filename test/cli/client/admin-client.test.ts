import { createServer } from 'node:net'
import { describe, expect, test } from 'bun:test'
import { askAdmin, type Failure, patienceOf } from '../../../cli/client/admin-client.ts'
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

describe('a change that gets no answer', () => {
  test('is waited for longer than a database may take, a look is not', () => {
    const waits = (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => patienceOf({ method }))
    expect(waits).toEqual([5000, 20_000, 20_000, 20_000, 20_000])
  })

  const lost = async (serve: Parameters<typeof createServer>[1], method: 'GET' | 'POST') => {
    const server = createServer(serve)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { readonly port: number }
    const answer = await askAdmin({ url: `http://127.0.0.1:${port}`, token: undefined }, '/', {
      method,
      patienceMs: 50,
    })
    server.close()
    return answer
  }

  test('may have been made, which is said', async () => {
    const target = { url: 'http://127.0.0.1:1', token: undefined }
    const answer = await lost(() => undefined, 'POST')
    expect(answer).toEqual({ kind: 'silent', reason: 'no answer within 0.05 s', mayBeDone: true })
    let err = ''
    report({ command: 'smartedge', stderr: (text) => void (err += text) }, target, answer as Failure)
    expect(err).toContain('\nsmartedge: what was asked for may have been done, or be done yet: look first')
  })

  test('may have been made as the connection breaks, too', async () => {
    const answer = await lost((socket) => void socket.on('data', () => socket.destroy()), 'POST')
    expect(answer).toMatchObject({ kind: 'unreachable', mayBeDone: true })
  })

  test('is not made where nobody listens, and reading changes nothing', async () => {
    const nobody = { url: 'http://127.0.0.1:1', token: undefined }
    expect(await askAdmin(nobody, '/', { method: 'POST' })).toEqual({
      kind: 'unreachable',
      reason: 'nothing listens there',
    })
    expect(await lost(() => undefined, 'GET')).toEqual({ kind: 'silent', reason: 'no answer within 0.05 s' })
  })
})
