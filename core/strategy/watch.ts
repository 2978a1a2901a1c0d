/** Whether strategies come back from their calls, as those who call them see it: they say who is called, somebody looks. */
import { CallMarks, maxOwner, type StrategyCall } from './call-marks.ts'

/** Of whom it is said that it hangs. */
export interface WatchedVersion {
  /** undefined: it is being tried, and no pool's yet. */
  readonly pool: string | undefined
  /** As configured. */
  readonly use: string
  /** Absolute. */
  readonly file: string
  readonly version: string
  /** Vouched for by its tests: that one hangs is not expected. */
  readonly isShipped: boolean
}

/** What of a version its calls are told by. */
export type NamedVersion = Pick<WatchedVersion, 'file' | 'version' | 'isShipped'>

/** Hears whose calls those of an owner are from now on. */
export type OnNamed = (owner: number, version: WatchedVersion) => void

/** Owner 0 stands for all pools that are too many, so it has no name: the wrong one would be blamed. */
const trial = 1
const firstPool = 2

export class StrategyWatch {
  readonly marks: CallMarks
  private readonly onNamed: OnNamed
  private readonly owners = new Map<string, number>()

  /** Without arguments, nobody looks. */
  constructor(marks = new CallMarks(), onNamed: OnNamed = () => undefined) {
    this.marks = marks
    this.onNamed = onNamed
  }

  /** The calls of one pool, which keeps its number for good. `use` is asked for what the config says now. */
  ofPool(pool: string, use: () => string): PoolWatch {
    const next = firstPool + this.owners.size
    const owner = this.owners.get(pool) ?? (next > maxOwner ? 0 : next)
    if (owner === 0) return new PoolWatch(this, owner, () => undefined)
    this.owners.set(pool, owner)
    return new PoolWatch(this, owner, (version) => this.onNamed(owner, { ...version, pool, use: use() }))
  }

  /** `run`'s result: a call of a version that serves nobody yet, or no more. Such calls do not nest. */
  tries<Result>(version: NamedVersion, call: StrategyCall, run: () => Result): Result {
    this.nameTrial(version)
    return this.marks.during(trial, call, run)
  }

  /** The version is being loaded: `beat` is to be called again and again, until `end` is. */
  loads(version: NamedVersion): { readonly beat: () => void; readonly end: () => void } {
    this.nameTrial(version)
    const beat = (): void => this.marks.load(trial)
    beat()
    return { beat, end: () => this.marks.loaded() }
  }

  private nameTrial({ file, version, isShipped }: NamedVersion): void {
    this.onNamed(trial, { file, version, isShipped, pool: undefined, use: file })
  }
}

export class PoolWatch {
  readonly marks: CallMarks
  readonly owner: number
  private readonly watch: StrategyWatch
  private readonly onServes: (version: NamedVersion) => void

  constructor(watch: StrategyWatch, owner: number, onServes: (version: NamedVersion) => void) {
    this.marks = watch.marks
    this.owner = owner
    this.watch = watch
    this.onServes = onServes
  }

  /** From now on the pool's calls are calls of `version`. */
  serves({ file, version, isShipped }: NamedVersion): void {
    this.onServes({ file, version, isShipped })
  }

  tries<Result>(version: NamedVersion, call: StrategyCall, run: () => Result): Result {
    return this.watch.tries(version, call, run)
  }
}
