/** Clocks of CPU time, to the nanosecond: a process's, clock_getcpuclockid(3), all its threads and the dead ones included; and a thread's. */
import { fromLibc, type Opened } from '../core/net/ffi.ts'

const SIGNATURES = { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } } as const

/** Of all threads of that process; as Linux numbers its clocks (include/linux/posix-timers.h). */
const clockOf = (pid: number): number => (~pid << 3) | 2

/** In µs; undefined: there is no such process, or the system has no such clock. */
export const cpuClockUs: (pid: number) => number | undefined = fromLibc(SIGNATURES, bind) ?? (() => undefined)

/** Of the thread that asks (CLOCK_THREAD_CPUTIME_ID), in µs: what it has done, whoever else has had the processor meanwhile. */
export const threadClockUs: () => number | undefined = fromLibc(SIGNATURES, bindThread) ?? (() => undefined)

const THREAD_CLOCK = 3

function bindThread({ call, arena, start }: Opened<keyof typeof SIGNATURES>): () => number | undefined {
  return () => (call.clock_gettime(THREAD_CLOCK, start) === 0 ? readTime(arena) : undefined)
}

/** A struct timespec is two numbers of 64 bits. */
function bind({ call, arena, start }: Opened<keyof typeof SIGNATURES>): (pid: number) => number | undefined {
  return (pid) => (call.clock_gettime(clockOf(pid), start) === 0 ? readTime(arena) : undefined)
}

const readTime = (arena: Buffer): number =>
  Number(arena.readBigInt64LE(0)) * 1e6 + Number(arena.readBigInt64LE(8)) / 1e3
