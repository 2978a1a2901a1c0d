/** An edge that applies what it is told unless a test says otherwise; nothing serves behind it. */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../../core/config/config.ts'
import { NOTHING, type Provided, withProvided } from '../../core/config/provided.ts'
import type { EdgeControl, EdgeLoad } from '../../core/control/edge-control.ts'
import { type ApplyProblem, Refusal } from '../../core/part.ts'

export interface FakeEdge extends EdgeControl {
  /** What it refuses a config for; none: it takes it. */
  refuses: (config: Config) => readonly ApplyProblem[]
  /** Strategies that it keeps as they were. */
  keeps: readonly ApplyProblem[]
  /** What of a move the config does not show. */
  news: readonly string[]
  /** Configs put in force, the first one included. */
  readonly inForce: Config[]
  /** Moves that were neither committed nor abandoned yet. */
  open: number
  strategyFiles: string[]
  /** What providers add. */
  provided: Provided
  edgeLoad: EdgeLoad
}

export function fakeEdge(config: Config): FakeEdge {
  const inForce = [config]
  return {
    refuses: () => [],
    keeps: [],
    news: [],
    inForce,
    open: 0,
    strategyFiles: [],
    edgeLoad: { listeners: new Map(), pools: new Map() },
    get config() {
      return inForce.at(-1) ?? config
    },
    provided: NOTHING,
    whole(next) {
      return withProvided(next, this.provided)
    },
    async prepare(given) {
      const next = this.whole(given)
      await Promise.resolve()
      const problems = this.refuses(next)
      if (problems.length > 0) throw new Refusal(problems)
      if (this.open > 0) throw new Error('the move before has neither been committed nor abandoned')
      this.open += 1
      const end = (): void => {
        if (this.open !== 1) throw new Error('a move ends once')
        this.open = 0
      }
      return {
        isNews: this.news.length > 0 || !isDeepStrictEqual(next, this.config),
        ...(this.news.length > 0 && { news: this.news }),
        ...(this.keeps.length > 0 && { kept: this.keeps }),
        commit() {
          end()
          inForce.push(next)
        },
        abandon: end,
      }
    },
    files() {
      return this.strategyFiles
    },
    load() {
      return this.edgeLoad
    },
    recheck(pool, backend) {
      const members = this.config.pools.find(({ name }) => name === pool)?.members
      if (!members?.some(({ id }) => id === backend)) return 'unknown'
      return backend === 'a:80' ? 'started' : 'no-checks'
    },
  }
}
