import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { noticeSocket } from '../support/notice-socket.ts'
import { startProcess } from '../support/running-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const pool = { backends: ['http://127.0.0.1:9'] }
const serving = 'READY=1\nSTATUS=serving 1 pool, 1 backend'

describe.if(process.platform === 'linux').each([[], ['--supervised']])('under systemd, run %s', (...args: string[]) => {
  test('tells of its start, its life, its reloads and its end', async () => {
    const NOTIFY_SOCKET = join(temporaryFolder(), 'notify')
    const systemd = noticeSocket(NOTIFY_SOCKET)
    const config = { shutdownTimeout: '20s' }
    await using edge = await startProcess({ pool, config, args, env: { NOTIFY_SOCKET, WATCHDOG_USEC: '200000' } })
    expect(await systemd.next('READY=1')).toBe(serving)
    await edge.event('ready')
    expect(await systemd.next('WATCHDOG=1')).toBe('WATCHDOG=1')
    edge.child.kill('SIGHUP')
    expect(await systemd.next('RELOADING=1')).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+\n/)
    expect(await systemd.next('READY=1')).toBe(serving)
    await edge.files.write('smartedge.config.json', '{ not')
    edge.child.kill('SIGHUP')
    await systemd.next('RELOADING=1')
    expect(await systemd.next('READY=1')).toBe(`${serving}; the last reload was refused`)
    edge.child.kill('SIGTERM')
    expect(await systemd.next('STOPPING=1')).toContain('EXTEND_TIMEOUT_USEC=25000000')
    expect(await edge.child.exited).toBe(0)
  }, 30_000)
})

test.if(process.platform === 'linux')(
  'a manager that is not there is no reason not to serve',
  async () => {
    const env = { NOTIFY_SOCKET: '/nowhere/notify', WATCHDOG_USEC: 'soon' }
    await using edge = await startProcess({ pool, env })
    await edge.event('ready')
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
  },
  30_000,
)
