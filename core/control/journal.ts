/** What was in force and what reloads came to, the newest of each, for whoever looks back: texts alone, and bounded. */
import type { Generation, GenerationRecord, ReloadRecord } from '../report/reload-status.ts'
import type { Change } from './contract.ts'

export interface Journal {
  /** `changes`: from the generation before. `news`: what the config does not show, in words. */
  noteGeneration(generation: Generation, changes: readonly Change[], news: readonly string[]): void
  noteReload(record: ReloadRecord): void
  /** Newest first. */
  generations(): readonly GenerationRecord[]
  reloads(): readonly ReloadRecord[]
}

/** As many as somebody scrolls through. */
const maxRecords = 50
/** Of one generation; a pool that is replaced has two for each member. With names of 100 characters, 2 MB in all. */
const maxChanges = 200
/** Of one reload. */
const maxProblems = 50

export function createJournal(): Journal {
  let generations: readonly GenerationRecord[] = []
  let reloads: readonly ReloadRecord[] = []
  return {
    noteGeneration(generation, changes, news) {
      const all = [...changes.map(({ key, text }) => ({ key, text })), ...news.map((text) => ({ key: '', text }))]
      const record = { ...generation, changes: all.slice(0, maxChanges), omitted: Math.max(0, all.length - maxChanges) }
      generations = [record, ...generations].slice(0, maxRecords)
    },
    noteReload(record) {
      const problems = record.problems.slice(0, maxProblems)
      const omitted = record.omitted + record.problems.length - problems.length
      reloads = [{ ...record, problems, omitted }, ...reloads].slice(0, maxRecords)
    },
    generations: () => generations,
    reloads: () => reloads,
  }
}
