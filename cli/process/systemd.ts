/** systemd as the keeper of a service: sd_notify(3) and sd_watchdog_enabled(3), of units with `Type=notify`. */
import { sendNotice } from '../../core/net/notify-socket.ts'
import type { Io } from './io.ts'
import type { Keeper, ServiceNews } from './news.ts'

/** Beyond what a service says that it needs to end: its last words, and the end of its threads. */
const marginMs = 5000

/** As the protocol has it. `nowUs`: CLOCK_MONOTONIC. Pure. */
export function noticeOf(news: ServiceNews, nowUs: number): string {
  switch (news.kind) {
    case 'ready':
      return `READY=1\nSTATUS=${news.detail.replaceAll('\n', ' ')}`
    case 'reloading':
      return `RELOADING=1\nMONOTONIC_USEC=${nowUs}\nSTATUS=reloading`
    case 'stopping':
      // So that the unit's TimeoutStopSec need not know the configuration.
      return `STOPPING=1\nEXTEND_TIMEOUT_USEC=${(news.withinMs + marginMs) * 1000}\nSTATUS=finishing what is under way`
    case 'alive':
      return 'WATCHDOG=1'
  }
}

/** undefined where no unit asks to be told. `pid`: of this process, since a watchdog may be meant for another. */
export function systemdKeeper(env: Io['env'], pid: number, send = sendNotice): Keeper | undefined {
  const socket = env['NOTIFY_SOCKET'] ?? ''
  if (!/^[@/]./.test(socket)) return undefined
  return {
    tell: (news) => void send(socket, noticeOf(news, Math.round(Number(process.hrtime.bigint()) / 1000))),
    aliveEveryMs: watchdogMs(env, pid),
  }
}

/** Half of the time that systemd waits, as it advises; undefined: it does not wait for us. */
function watchdogMs({ WATCHDOG_USEC: usec = '', WATCHDOG_PID: of }: Io['env'], pid: number): number | undefined {
  if (!/^[1-9]\d{0,15}$/.test(usec) || (of !== undefined && of !== String(pid))) return undefined
  return Math.max(1, Math.floor(Number(usec) / 2000))
}
