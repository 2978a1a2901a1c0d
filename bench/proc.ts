/**
 * What Linux knows about a process, read from /proc: CPU time and memory of a process and all its descendants.
 * Parsing is pure; the reading functions take whatever vanished meanwhile as nothing.
 */
import { cpuClockUs } from './cpu-clock.ts'
import { readFileSync, readdirSync } from 'node:fs'

/** /proc counts CPU time in ticks of 10 ms (USER_HZ is 100 on every Linux that Bun runs on). */
const tickUs = 10_000

/** CPU time of a process, in the kernel's and its own code. */
export interface ProcessTimes {
  /** Of all its threads, the dead ones included. */
  readonly ownUs: number
  /** Of its children that ended and were waited for. */
  readonly deadUs: number
}

/** Parses /proc/PID/stat (proc(5), fields 14 to 17); the name may hold spaces and parentheses. undefined: not such a line. */
export function parseStat(text: string): ProcessTimes | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].map((index) => Number(fields[index] ?? Number.NaN))
  const [user = 0, system = 0, deadUser = 0, deadSystem = 0] = ticks
  if (!text.includes(')') || !ticks.every(Number.isFinite)) return undefined
  return { ownUs: (user + system) * tickUs, deadUs: (deadUser + deadSystem) * tickUs }
}

/** Bytes behind `key` in the text of /proc/PID/status or smaps_rollup (`Pss:  123 kB`); 0 when absent. */
export function parseKilobytes(text: string, key: string): number {
  const line = text.split('\n').find((line) => line.startsWith(`${key}:`))
  const kilobytes = Number(line?.match(/(\d+) kB/)?.[1] ?? 0)
  return kilobytes * 1024
}

/** Microseconds that one core was not idle, from the text of /proc/stat: user + nice + system + irq + softirq + steal. */
export function parseCoreBusyUs(text: string, core: number): number {
  const line = text.split('\n').find((line) => line.startsWith(`cpu${core} `))
  if (line === undefined) return 0
  const [user, nice, system, , , irq, softirq, steal] = line.split(/\s+/).slice(1).map(Number)
  return [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * tickUs
}

/** The process and all its descendants, parents first. */
export function processTree(pid: number): readonly number[] {
  const children = list(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(processTree)]
}

/**
 * CPU time so far of the process and its descendants, in µs, but for those that ended and were not waited for. By the kernel's
 * own clocks: the ticks of /proc are a tenth of what a contestant has of a busy core in a short round.
 */
export function treeCpuUs(pid: number): number {
  return processTree(pid).reduce((sum, member) => {
    const times = parseStat(read(`/proc/${member}/stat`))
    return times === undefined ? sum : sum + (cpuClockUs(member) ?? times.ownUs) + times.deadUs
  }, 0)
}

/** Bytes of memory that the process and its descendants use; pages they share are counted once (PSS), else RSS. */
export function treeMemoryBytes(pid: number): number {
  const each = processTree(pid).map(
    (member) =>
      parseKilobytes(read(`/proc/${member}/smaps_rollup`), 'Pss') ||
      parseKilobytes(read(`/proc/${member}/status`), 'VmRSS'),
  )
  return each.reduce((sum, bytes) => sum + bytes, 0)
}

/** Microseconds `core` was not idle since the machine started. */
export const coreBusyUs = (core: number): number => parseCoreBusyUs(read('/proc/stat'), core)

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
