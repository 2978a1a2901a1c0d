import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sendNotice } from '../../../core/net/notify-socket.ts'
import { noticeSocket } from '../../support/notice-socket.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const onLinux = describe.if(process.platform === 'linux')

onLinux('a notice', () => {
  test('arrives as one datagram, at a path and in the abstract namespace', () => {
    for (const at of [join(temporaryFolder(), 'notify'), `@smartedge-test-${process.pid}`]) {
      const socket = noticeSocket(at)
      expect([sendNotice(at, 'READY=1\nSTATUS=größer'), sendNotice(at, 'WATCHDOG=1')]).toEqual([true, true])
      expect([socket.take(), socket.take(), socket.take()]).toEqual(['READY=1\nSTATUS=größer', 'WATCHDOG=1', undefined])
    }
  })

  test('does not wait for a socket that is full', () => {
    const at = join(temporaryFolder(), 'notify')
    noticeSocket(at)
    const sent = Array.from({ length: 10_000 }, () => sendNotice(at, 'WATCHDOG=1'))
    expect([sent[0], sent.at(-1)]).toEqual([true, false])
  })

  test('is refused where it does not fit, or nobody listens', () => {
    const at = join(temporaryFolder(), 'notify')
    const refused = [at, '/', '', `@${'x'.repeat(108)}`, `/${'x'.repeat(200)}`, '/a\0b']
    expect(refused.map((to) => sendNotice(to, 'READY=1'))).toEqual(refused.map(() => false))
    noticeSocket(at)
    expect(sendNotice(at, 'x'.repeat(5000))).toBeFalse()
    expect(sendNotice(at, 'READY=1')).toBeTrue()
  })

  test('leaves no descriptor open', () => {
    const at = join(temporaryFolder(), 'notify')
    noticeSocket(at)
    for (const to of [at, '/nowhere/at/all']) for (let time = 0; time < 5; time += 1) sendNotice(to, 'WATCHDOG=1')
    const highest = Math.max(...[...new Bun.Glob('*').scanSync({ cwd: '/proc/self/fd', onlyFiles: false })].map(Number))
    for (const to of [at, '/nowhere/at/all']) for (let time = 0; time < 50; time += 1) sendNotice(to, 'WATCHDOG=1')
    expect(existsSync(`/proc/self/fd/${highest + 10}`)).toBeFalse()
  })
})
