/** The generations that were in force, newest last: a bounded stack to go back in. */
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Generation } from '../report/reload-status.ts'

export interface History {
  readonly current: Generation
  /** In force. */
  readonly config: Config
  /** What was in force before the current one; undefined: nothing that is still known. */
  readonly previous: { readonly generation: Generation; readonly config: Config } | undefined
  /** A new generation, now in force. */
  push(config: Config, origin: string, summary: string): Generation
  /** The current one goes, the previous one is in force again as a new generation: `config`, with what providers add to it now. */
  back(config: Config, origin: string, summary: string): Generation
}

/** Far enough back for anybody's memory; a config of 10,000 members takes a few MB. */
const maxEntries = 10

export function createHistory(config: Config, clock: Clock): History {
  let counter = 0
  const generate = (origin: string, summary: string): Generation => {
    counter += 1
    return { number: counter, at: new Date(clock.wallTime()).toISOString(), origin, summary }
  }
  let current = { generation: generate('start', 'as configured'), config }
  let past: (typeof current)[] = []
  return {
    get current() {
      return current.generation
    },
    get config() {
      return current.config
    },
    get previous() {
      return past.at(-1)
    },
    push(config, origin, summary) {
      past = [...past, current].slice(-maxEntries)
      current = { generation: generate(origin, summary), config }
      return current.generation
    },
    back(config, origin, summary) {
      if (past.pop() === undefined) throw new Error('there is no generation to go back to')
      current = { generation: generate(origin, summary), config }
      return current.generation
    },
  }
}
