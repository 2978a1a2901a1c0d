import { describe, expect, onTestFinished, test } from 'bun:test'
import { askAdmin } from '../../../cli/client/admin-client.ts'
import { findOwnToken } from '../../../cli/client/own-token.ts'
import { createToken, keepToken } from '../../../core/admin/token-file.ts'
import type { Home } from '../../../core/own-files.ts'
import { recordField } from '../../support/field-recorder.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** A home with tokens for these addresses. */
function homeWith(...addresses: readonly (readonly [host: string, port: number])[]) {
  const folder = temporaryFolder()
  const home: Home = { env: { XDG_RUNTIME_DIR: folder }, user: process.geteuid?.(), home: undefined }
  const keep = (host: string, port: number): string => {
    const token = createToken()
    keepToken({ kind: 'tcp', host, port }, token, home)
    return token
  }
  return { home, keep, tokens: addresses.map(([host, port]) => keep(host, port)) }
}

describe('the token of our own SmartEdge', () => {
  test('is found by the URL of a loopback address, whatever its path', () => {
    const { home, tokens } = homeWith(['127.0.0.1', 9900], ['::1', 80])
    const find = (url: string) => findOwnToken(url, home)?.token
    expect(['http://127.0.0.1:9900', 'http://127.0.0.1:9900/x?y'].map(find)).toEqual([tokens[0], tokens[0]])
    expect(find('http://[::1]')).toBe(tokens[1])
  })

  test('goes to the address that it is of, and to no other that has the name', () => {
    const { home, tokens } = homeWith(['::1', 9900])
    expect(findOwnToken('http://localhost:9900/', home)).toEqual({ token: tokens[0] ?? '', url: 'http://[::1]:9900/' })
    const both = homeWith(['::1', 9900], ['127.0.0.1', 9900])
    expect(findOwnToken('http://LOCALHOST:9900/', both.home)?.url).toBe('http://127.0.0.1:9900/')
  })

  test('is not looked for elsewhere', () => {
    const { home } = homeWith(['127.0.0.1', 9900], ['10.0.0.1', 9900], ['localhost', 9900], ['example.com', 80])
    const urls = ['https://127.0.0.1:9900', 'unix:/run/x.sock', 'http://10.0.0.1:9900', 'http://example.com', '', 'x']
    expect(urls.map((url) => findOwnToken(url, home))).toEqual(urls.map(() => undefined))
    expect(findOwnToken('http://127.0.0.1:9901', home)).toBeUndefined()
  })

  test('is sent when none was given, the one of now each time', async () => {
    const { port, seen } = recordField('authorization')
    const { home, keep, tokens } = homeWith(['127.0.0.1', port])
    const url = `http://127.0.0.1:${port}`
    await askAdmin({ url, token: undefined, home }, '/')
    await askAdmin({ url: `http://localhost:${port}`, token: undefined, home }, '/')
    await askAdmin({ url, token: 'given', home }, '/')
    await askAdmin({ url, token: undefined }, '/')
    const next = keep('127.0.0.1', port)
    await askAdmin({ url, token: undefined, home }, '/')
    expect(seen).toEqual([`Bearer ${tokens[0]}`, `Bearer ${tokens[0]}`, 'Bearer given', null, `Bearer ${next}`])
  })

  test('is tried after a token of the configuration that is refused, and after no other', async () => {
    const seen: (string | null)[] = []
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch(request) {
        seen.push(request.headers.get('authorization'))
        return Response.json({}, { status: seen.at(-1) === `Bearer ${tokens[0]}` ? 200 : 401 })
      },
    })
    onTestFinished(() => server.stop(true))
    const { home, tokens } = homeWith(['127.0.0.1', server.port ?? 0])
    const target = { url: `http://127.0.0.1:${server.port}`, token: 'newer', home }
    const configured = { ...target, mayBeAnother: true }
    const post = { method: 'POST', body: { a: 1 } } as const
    expect((await askAdmin(configured, '/', post)).kind).toBe('ok')
    expect((await askAdmin(target, '/')).kind).toBe('refused')
    expect((await askAdmin({ ...configured, home: homeWith().home }, '/')).kind).toBe('refused')
    expect(seen).toEqual(['Bearer newer', `Bearer ${tokens[0]}`, 'Bearer newer', 'Bearer newer'])
  })

  test('that is wrong is told apart from one that is missing', async () => {
    const answer = async (challenge: string) => {
      const headers = { 'www-authenticate': challenge }
      const server = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: () => Response.json({}, { status: 401, headers }),
      })
      onTestFinished(async () => await server.stop(true))
      return await askAdmin({ url: `http://127.0.0.1:${server.port}`, token: 'x' }, '/')
    }
    expect(await answer('Bearer realm="smartedge"')).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/^it wants a token: pass --token/),
    })
    expect(await answer('Bearer realm="smartedge", error="invalid_token"')).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/^the token from the file of our own SmartEdge is not/),
    })
  })
})
