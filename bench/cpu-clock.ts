/** The clock of a process's CPU time, clock_getcpuclockid(3): all its threads, the dead ones included, to the nanosecond. */
import { fromLibc, type Opened } from '../core/net/ffi.ts'

const SIGNATURES = { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } } as const

/** Of all threads of that process; as Linux numbers its clocks (include/linux/posix-timers.h). */
const clockOf = (pid: number): number => (~pid << 3) | 2

/** In µs; undefined: there is no such process, or the system has no such clock. */
export const cpuClockUs: (pid: number) => number | undefined = fromLibc(SIGNATURES, bind) ?? (() => undefined)

/** A struct timespec is two numbers of 64 bits. */
function bind({ call, arena, start }: Opened<keyof typeof SIGNATURES>): (pid: number) => number | undefined {
  return (pid) =>
    call.clock_gettime(clockOf(pid), start) === 0
      ? Number(arena.readBigInt64LE(0)) * 1e6 + Number(arena.readBigInt64LE(8)) / 1e3
      : undefined
}
