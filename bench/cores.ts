/** Which CPU core does what, so that load and backends never run where a contestant is measured. Pure. */

/** Core numbers; undefined: not pinned. */
export interface Cores {
  readonly contestant: number | undefined
  readonly backends: readonly number[] | undefined
  readonly load: readonly number[] | undefined
  /** Load processes that find a core of their own. */
  readonly loadProcesses: number
}

/** On one core, or where `taskset` is missing, nothing is pinned; on two, load and backends share the second. */
export function planCores(count: number, canPin: boolean): Cores {
  if (!canPin || count < 2) return { contestant: undefined, backends: undefined, load: undefined, loadProcesses: 1 }
  if (count < 4) return { contestant: 0, backends: [1], load: [count - 1], loadProcesses: 1 }
  const load = Array.from({ length: Math.min(4, count - 2) }, (_, index) => index + 2)
  return { contestant: 0, backends: [1], load, loadProcesses: load.length }
}

/** The command that runs `command` on `cores` only. */
export function pinned(command: readonly string[], cores: readonly number[] | undefined): readonly string[] {
  return cores === undefined ? command : ['taskset', '-c', cores.join(','), ...command]
}
