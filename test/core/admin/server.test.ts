import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AdminServer, startAdmin } from '../../../core/admin/server.ts'
import type { SocketAddress } from '../../../core/address.ts'
import { Secret } from '../../../core/secrets.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'

const started: AdminServer[] = []
const directories: string[] = []
const tcp: SocketAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 }

async function start(address: SocketAddress, token?: string) {
  const server = await startAdmin({
    address,
    token: token === undefined ? undefined : new Secret(token),
    source: fakeAdminSource(),
  })
  started.push(server)
  return server
}

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'smartedge-admin-'))
  directories.push(directory)
  return join(directory, 'admin.sock')
}

const urlOf = ({ address }: AdminServer, path: string) =>
  address.kind === 'tcp' ? `http://${address.host}:${address.port}${path}` : path

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
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

  test('refuses a body beyond its bound', async () => {
    const server = await start(tcp)
    const response = await fetch(urlOf(server, '/health'), { method: 'POST', body: new Uint8Array(5 * 1024 ** 2) })
    expect(response.status).toBe(413)
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

  test('takes over a Unix socket left by a dead process, never a live one', async () => {
    const path = socketPath()
    const child = Bun.spawn([
      process.execPath,
      '-e',
      `Bun.serve({ unix: ${JSON.stringify(path)}, fetch() {} }); console.log(1)`,
    ])
    await child.stdout.getReader().read()
    expect(start({ kind: 'unix', path })).rejects.toThrow('already in use')
    child.kill('SIGKILL')
    await child.exited
    await start({ kind: 'unix', path })
    expect((await fetch('http://localhost/health', { unix: path })).status).toBe(200)
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
    await server.stop()
    expect(await fetch(health).catch(() => 'refused')).toBe('refused')
  })

  test('stops accepting when stopped', async () => {
    const server = await start(tcp)
    await server.stop()
    expect(await fetch(urlOf(server, '/health')).catch(() => 'refused')).toBe('refused')
  })
})
