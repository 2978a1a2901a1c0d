/** An edge that applies what it is told unless a test says otherwise; nothing serves behind it. */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../../core/config/config.ts'
import type { Applied, ApplyProblem, EdgeControl, EdgeLoad } from '../../core/control/edge-control.ts'

export interface FakeEdge extends EdgeControl {
  /** What it refuses a config for; none: it takes it. */
  refuses: (config: Config) => readonly ApplyProblem[]
  /** Strategies that it keeps as they were. */
  keeps: readonly ApplyProblem[]
  /** Configs put in force, the first one included. */
  readonly inForce: Config[]
  strategyFiles: string[]
  edgeLoad: EdgeLoad
}

export function fakeEdge(config: Config): FakeEdge {
  const inForce = [config]
  return {
    refuses: () => [],
    keeps: [],
    inForce,
    strategyFiles: [],
    edgeLoad: { listeners: new Map(), pools: new Map() },
    get config() {
      return inForce.at(-1) ?? config
    },
    async apply(next): Promise<Applied> {
      await Promise.resolve()
      const problems = this.refuses(next)
      if (problems.length > 0) return { kind: 'refused', problems }
      const kept = this.keeps.length > 0 ? { kept: this.keeps } : {}
      if (isDeepStrictEqual(next, this.config)) return { kind: 'unchanged', ...kept }
      inForce.push(next)
      return { kind: 'applied', ...kept }
    },
    files() {
      return this.strategyFiles
    },
    load() {
      return this.edgeLoad
    },
    recheck: (_pool, backend) => backend === 'a:80',
  }
}
