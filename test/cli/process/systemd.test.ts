import { describe, expect, test } from 'bun:test'
import type { ServiceNews } from '../../../cli/process/news.ts'
import { noticeOf, systemdKeeper } from '../../../cli/process/systemd.ts'

describe('what systemd is told', () => {
  test.each<[ServiceNews, string]>([
    [{ kind: 'ready', detail: 'serving 1 pool' }, 'READY=1\nSTATUS=serving 1 pool'],
    [{ kind: 'ready', detail: 'a\nSTOPPING=1' }, 'READY=1\nSTATUS=a STOPPING=1'],
    [{ kind: 'reloading' }, 'RELOADING=1\nMONOTONIC_USEC=123456\nSTATUS=reloading'],
    [
      { kind: 'stopping', withinMs: 30_000 },
      'STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000\nSTATUS=finishing what is under way',
    ],
    [{ kind: 'alive' }, 'WATCHDOG=1'],
  ])('%j', (news, notice) => {
    expect(noticeOf(news, 123_456)).toBe(notice)
  })
})

describe('systemd as a keeper', () => {
  const pid = 4711

  test('is told at the socket that it names', () => {
    const sent: string[][] = []
    const send = (to: string, text: string): boolean => sent.push([to, text]) > 0
    for (const NOTIFY_SOCKET of ['/run/systemd/notify', '@/org/notify'])
      systemdKeeper({ NOTIFY_SOCKET }, pid, send)?.tell?.({ kind: 'alive' })
    expect(sent).toEqual([
      ['/run/systemd/notify', 'WATCHDOG=1'],
      ['@/org/notify', 'WATCHDOG=1'],
    ])
  })

  test.each([undefined, '', '@', '/', 'relative', 'vsock:2:9999'])('is not there by %j', (NOTIFY_SOCKET) => {
    expect(systemdKeeper({ NOTIFY_SOCKET }, pid)).toBeUndefined()
  })

  test.each([
    [{}, undefined],
    [{ WATCHDOG_USEC: '30000000' }, 15_000],
    [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4711' }, 15_000],
    [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }, undefined],
    [{ WATCHDOG_USEC: '1' }, 1],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: '-5' }, undefined],
    [{ WATCHDOG_USEC: '1e9' }, undefined],
    [{ WATCHDOG_USEC: '99999999999999999' }, undefined],
  ])('hears that the process lives twice in the time that it waits: %j', (env, expected) => {
    expect(systemdKeeper({ NOTIFY_SOCKET: '/run/notify', ...env }, pid)?.aliveEveryMs).toBe(expected)
  })
})
