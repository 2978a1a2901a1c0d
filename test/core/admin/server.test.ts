import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AdminServer } from '../../../core/admin/server.ts'
import { createToken, keepToken } from '../../../core/admin/token-file.ts'
import { formatAddress, type SocketAddress } from '../../../core/address.ts'
import { homeOf } from '../../../core/own-files.ts'
import { Secret } from '../../../core/secrets.ts'
import { fail } from '../../support/fail.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { adminServer, anyPort as tcp, urlOf } from '../../support/admin-server.ts'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

const start = (address: SocketAddress, token?: string): Promise<AdminServer> =>
  adminServer({ address, token: token === undefined ? undefined : new Secret(token) })

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'smartedge-admin-'))
  directories.push(directory)
  return join(directory, 'admin.sock')
}

/** Without a token in the config: one of its own, kept below a folder of the test's. */
async function startOwn(address: SocketAddress = tcp) {
  const session = mkdtempSync(join(tmpdir(), 'smartedge-admin-'))
  directories.push(session)
  const options = { address, token: undefined, open: false }
  const server = await adminServer({ ...options, surroundings: { env: { XDG_RUNTIME_DIR: session } } })
  const { ownToken } = server
  const file = ownToken?.kind === 'kept' ? ownToken.file : ''
  const change = async (token?: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    return (await fetch(urlOf(server, '/api/rollback'), { method: 'POST', headers })).status
  }
  const read = async (): Promise<number> => (await fetch(urlOf(server, '/api/status'))).status
  return { server, options, session, file, change, read }
}

const tokenIn = (file: string): string => readFileSync(file, 'utf8').trim()

/** What a change comes to that is let in: there is no configuration file. */
const letIn = 409

test('a fault of ours is a 500, and told', async () => {
  const faults: unknown[] = []
  const fault = new TypeError('a bug')
  const source = fakeAdminSource({ metrics: () => fail(fault) })
  const server = await adminServer({ source, surroundings: { reportFault: (error) => void faults.push(error) } })
  expect((await fetch(urlOf(server, '/metrics'))).status).toBe(500)
  expect(faults).toEqual([fault])
})

describe('admin server', () => {
  test('serves on TCP and tells the real port', async () => {
    const server = await start(tcp)
    expect(server.address).not.toEqual(tcp)
    expect((await fetch(urlOf(server, '/api/status'))).status).toBe(200)
  })

  test('asks for the token except for health and readiness', async () => {
    const server = await start(tcp, 's3cret')
    const statuses = []
    for (const path of ['/health', '/ready', '/metrics', '/nope'])
      statuses.push((await fetch(urlOf(server, path))).status)
    expect(statuses).toEqual([200, 200, 401, 401])
    const headers = { authorization: 'Bearer s3cret' }
    expect((await fetch(urlOf(server, '/metrics'), { headers })).status).toBe(200)
  })

  test('refuses a Host that a rebound name would send', async () => {
    const server = await start(tcp)
    const response = await fetch(urlOf(server, '/api/status'), { headers: { host: 'evil.example' } })
    expect(response.status).toBe(403)
  })

  test('says in one line that the port is taken', async () => {
    const { address } = await start(tcp)
    const message = await start(address).catch((error: Error) => `${error.name}: ${error.message}`)
    expect(message).toMatch(/^StartError: 127\.0\.0\.1:\d+ is already in use; [^\n]+$/)
  })

  test('says in one line that the address is not ours', async () => {
    const message = await start({ kind: 'tcp', host: '192.0.2.1', port: 0 }).catch((error: Error) => error.message)
    expect(message).toBe('192.0.2.1:0 is no address of this machine')
  })

  test('serves on a Unix socket that only its owner may use', async () => {
    const path = socketPath()
    await start({ kind: 'unix', path })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect((await fetch('http://localhost/api/status', { unix: path })).status).toBe(200)
  })

  test('on localhost serves in both families, under one port and one token', async () => {
    const server = await start({ kind: 'tcp', host: 'localhost', port: 0 })
    const port = server.address.kind === 'tcp' ? server.address.port : 0
    expect(server.address).toEqual({ kind: 'tcp', host: 'localhost', port })
    expect(server.bound.map(formatAddress)).toEqual([`127.0.0.1:${port}`, `[::1]:${port}`])
    const statuses = async () => {
      const found = []
      for (const host of ['127.0.0.1', '[::1]'])
        found.push(
          await fetch(`http://${host}:${port}/api/status`, { headers: { connection: 'close' } }).then(
            ({ status }) => status,
            () => 'refused',
          ),
        )
      return found
    }
    expect(await statuses()).toEqual([200, 200])
    server.close()
    expect(await statuses()).toEqual(['refused', 'refused'])
    server.reopen()
    expect(await statuses()).toEqual([200, 200])
  })

  test('leaves a file alone that is no socket', async () => {
    const path = socketPath()
    await Bun.write(path, 'precious')
    expect(await start({ kind: 'unix', path }).catch((error: Error) => error.name)).toBe('StartError')
    expect(await Bun.file(path).text()).toBe('precious')
  })

  test('closes, and opens again where it was', async () => {
    const server = await start(tcp)
    const health = urlOf(server, '/health')
    server.close()
    expect(await fetch(health).catch(() => 'refused')).toBe('refused')
    server.reopen()
    expect((await fetch(health)).status).toBe(200)
    server.stop()
    expect(await fetch(health).catch(() => 'refused')).toBe('refused')
  })

  test('lets nobody near its Unix socket before it is private', async () => {
    const path = socketPath()
    const old = process.umask(0)
    try {
      await start({ kind: 'unix', path })
      expect([process.umask(), statSync(path).mode & 0o777]).toEqual([0, 0o600])
    } finally {
      process.umask(old)
    }
  })

  test('stops accepting when stopped', async () => {
    const server = await start(tcp)
    server.stop()
    expect(await fetch(urlOf(server, '/health')).catch(() => 'refused')).toBe('refused')
  })
})

describe('a token of the server’s own', () => {
  test('takes the place of what killed processes have left at other addresses', async () => {
    const session = mkdtempSync(join(tmpdir(), 'smartedge-admin-'))
    directories.push(session)
    const free = await start(tcp)
    free.stop()
    const env = { XDG_RUNTIME_DIR: session }
    const kept = keepToken(free.address, createToken(), homeOf(env))
    const stale = kept.kind === 'kept' ? kept.file : fail(kept.reason)
    const { ownToken } = await adminServer({ address: tcp, token: undefined, open: false, surroundings: { env } })
    await turnUntil(() => !existsSync(stale), 'it gone')
    expect(ownToken?.kind === 'kept' && existsSync(ownToken.file)).toBe(true)
  })

  test('is wanted for changes and kept where its user finds it', async () => {
    const { server, session, file, change, read } = await startOwn()
    const port = server.address.kind === 'tcp' ? server.address.port : 0
    expect(file).toBe(join(session, `smartedge/admin-127.0.0.1-${port}.token`))
    expect([await read(), await change(), await change('other'), await change(tokenIn(file))]).toEqual([
      200,
      401,
      401,
      letIn,
    ])
  })

  test('is kept by the number of the address where a name is configured', async () => {
    const { server, file } = await startOwn({ kind: 'tcp', host: 'localhost', port: 0 })
    expect(server.address).toMatchObject({ host: 'localhost' })
    expect(file).toMatch(/admin-(?:127\.0\.0\.1|__1)-\d+\.token$/)
  })

  test('goes with the server, by whichever way it ends', async () => {
    for (const end of ['stop', 'close'] as const) {
      const { server, file } = await startOwn()
      expect(existsSync(file)).toBeTrue()
      server[end]()
      expect(existsSync(file)).toBeFalse()
    }
  })

  test('goes when the server closes, and comes back as another when it opens again', async () => {
    const { server, file, change } = await startOwn()
    const first = tokenIn(file)
    server.close()
    expect(existsSync(file)).toBeFalse()
    server.reopen()
    expect([await change(), await change(first), await change(tokenIn(file))]).toEqual([401, 401, letIn])
  })

  test('gives way to one in the config, or to none, and comes back as another', async () => {
    const { server, options, file, change, read } = await startOwn()
    const first = tokenIn(file)
    server.setAccess({ ...options, token: new Secret('s3cret') })
    expect([existsSync(file), await read(), await change(first), await change('s3cret')]).toEqual([
      false,
      401,
      401,
      letIn,
    ])
    server.setAccess({ ...options, open: true })
    expect([existsSync(file), await read(), await change()]).toEqual([false, 200, letIn])
    server.setAccess(options)
    expect([await read(), await change(), await change(first), await change(tokenIn(file))]).toEqual([
      200,
      401,
      401,
      letIn,
    ])
    const second = tokenIn(file)
    server.setAccess(options)
    expect(tokenIn(file)).toBe(second)
  })

  test('that a killed process has left goes when its address takes none', async () => {
    const { server, options, session, file } = await startOwn()
    const left = readFileSync(file)
    server.stop()
    writeFileSync(file, left, { mode: 0o600 })
    const surroundings = { env: { XDG_RUNTIME_DIR: session } }
    const guarded = { ...options, address: server.address, token: new Secret('s3cret'), surroundings }
    await adminServer(guarded)
    expect(existsSync(file)).toBeFalse()
  })

  test('that cannot be kept leaves changes refused, and says why', async () => {
    const session = socketPath()
    await Bun.write(session, 'a file')
    for (const env of [undefined, { XDG_STATE_HOME: session }]) {
      const server = await adminServer({ open: false, surroundings: { env } })
      expect(server.ownToken).toMatchObject({ kind: 'fault' })
      const response = await fetch(urlOf(server, '/api/rollback'), { method: 'POST' })
      expect([response.status, await response.text()]).toEqual([401, expect.stringContaining('set admin.token')])
      expect((await fetch(urlOf(server, '/api/status'))).status).toBe(200)
    }
  })

  test('is not made for a Unix socket, which has its user already', async () => {
    const path = socketPath()
    const { server, session } = await startOwn({ kind: 'unix', path })
    expect([server.ownToken, existsSync(join(session, 'smartedge'))]).toEqual([undefined, false])
    const response = await fetch('http://localhost/api/rollback', { method: 'POST', unix: path })
    expect(response.status).not.toBe(401)
  })
})
