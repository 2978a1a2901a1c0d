/** What is in force since when, how the newest reload went, and who is told. */
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { formatProblem, formatWarning, type Problem } from '../config/problems.ts'
import { type ReloadCounters, reloadLedger } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import type { Generation, LastReload, ReloadStatus } from '../report/reload-status.ts'
import type { Change, ReloadResult } from './contract.ts'
import { createHistory, type History } from './history.ts'
import { createJournal, type Journal } from './journal.ts'
import { nothingOpen, planChanges } from './plan.ts'
import type { Published } from './publish.ts'
import { summarize } from './summary.ts'

export interface Records {
  readonly history: History
  readonly journal: Pick<Journal, 'generations' | 'reloads'>
  /** Counts what was put in force as a generation; returns the current one. */
  advance(published: Published, origin: string): Generation
  /** The generation before is in force again, as `config` and as a new one, which is returned. */
  goBack(config: Config, origin: string, summary: string, changes: readonly Change[]): Generation
  /** Keeps how a reload went. */
  conclude(published: Published, origin: string, trigger: Trigger): ReloadResult
  /** Tells what was hardly meant, unless it was told last. */
  warn(warnings: readonly Problem[]): void
  state(): ReloadStatus
}

/** `asked`: somebody waits for it, so that no change is worth a word too. `seen`: files have changed. `offered`: a source has another text. */
export type Trigger = 'asked' | 'seen' | 'offered'

export function createRecords(config: Config, clock: Clock, emit: Emit): Records {
  const history = createHistory(config, clock)
  const journal = createJournal()
  journal.noteGeneration(history.current, [], [])
  const reloads = reloadLedger.create()
  let lastReload: LastReload | null = null
  let lastTrigger: Trigger = 'asked'
  let warned = ''
  const tell = ({ number, origin, summary }: Generation): void =>
    emit({ kind: 'reloaded', generation: number, origin, summary })
  const say = (origin: string, summary: string): void => tell({ ...history.current, origin, summary })

  return {
    history,
    journal,
    advance(published, origin) {
      if (published.kind !== 'applied') return history.current
      const changes = planChanges(history.config, published.config, nothingOpen)
      const generation = history.push(published.config, origin, summarize(changes, published.news.join('; ')))
      journal.noteGeneration(generation, changes, published.news)
      tell(generation)
      return generation
    },
    goBack(config, origin, summary, changes) {
      const generation = history.back(config, origin, summary)
      journal.noteGeneration(generation, changes, [])
      tell(generation)
      return generation
    },
    conclude(published, origin, trigger) {
      const isAsked = trigger === 'asked'
      const problems = published.problems.map(formatProblem)
      reloads[resultOf(published)] += 1
      const kept = published.kind === 'refused' ? [] : published.kept
      const isRepeated = !isAsked && problems.join('\n') === lastReload?.problems.join('\n')
      // What is wrong with a source's text no file mends.
      const isOfSame = (trigger === 'offered') === (lastTrigger === 'offered')
      const isHealed = problems.length === 0 && lastReload?.ok === false && isOfSame
      if (problems.length > 0 && !isRepeated) emit({ kind: 'reload-failed', origin, problems, kept })
      if (problems.length === 0 && published.kind === 'unchanged' && (isAsked || isHealed))
        say(origin, isHealed ? 'the problems are gone, nothing else changed' : 'nothing changed')
      const isNews = published.kind === 'applied' || isHealed || (problems.length > 0 && !isRepeated)
      const { omitted } = published
      if (isAsked || isNews) {
        lastReload = { at: new Date(clock.wallTime()).toISOString(), ok: problems.length === 0, origin, problems }
        lastTrigger = trigger
        const result = resultOf(published)
        journal.noteReload({ ...lastReload, result, generation: history.current.number, kept, omitted })
      }
      if (published.kind === 'refused') return { kind: 'refused', problems: published.problems, omitted }
      return { kind: published.kind, generation: history.current, kept, problems: published.problems, omitted }
    },
    warn(problems) {
      const warnings = problems.map(formatWarning)
      const text = warnings.join('\n')
      if (text !== '' && text !== warned) emit({ kind: 'config-warning', warnings })
      warned = text
    },
    state: () => ({ generation: history.current, lastReload, reloads: { ...reloads } }),
  }
}

const resultOf = ({ kind, problems }: Published): keyof ReloadCounters =>
  kind !== 'refused' && problems.length > 0 ? 'partial' : kind
