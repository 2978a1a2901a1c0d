/** What was read of the files -> the edge: as a whole, or without the pools that cannot be changed now, or not at all. */
import type { Config } from '../config/config.ts'
import { isolate, namesOfKeys, poolsOfKeys } from '../config/isolate.ts'
import { locateAll } from '../config/locate.ts'
import type { Problem } from '../config/problems.ts'
import { ownPart } from '../config/provided.ts'
import type { ConfigFiles, Partly, Problems } from './contract.ts'
import { type ApplyProblem, type Move, NO_MOVE } from '../part.ts'
import { type EdgeControl, tryOut } from './edge-control.ts'
import type { FilesRead } from './read-files.ts'

/** What is to be, or is, in force. */
interface Outcome extends Partly {
  readonly config: Config
  /** Those of `kept` that stay as they were in full; of the others only the strategy does. */
  readonly isolated: readonly string[]
  /** What it brings that the config does not show, in words. */
  readonly news: readonly string[]
}

type Refused = { readonly kind: 'refused' } & Problems

export type Accepted = { readonly kind: 'applied' | 'unchanged' } & Outcome

export type Published = Accepted | Refused

/** Ready to be put in force: `commit` or `abandon` is to be called, once. */
export interface Ready extends Outcome {
  readonly kind: 'ready'
  commit(): Accepted
  abandon(): void
}

export interface Publisher {
  /** Tries everything; nothing has changed yet. Never rejects. */
  prepare(read: FilesRead): Promise<Ready | Refused>
  /** Never rejects. */
  publish(read: FilesRead): Promise<Published>
  /** The same, and refused where anything would stay as it was for being faulty. */
  publishWhole(read: FilesRead): Promise<Published>
}

/** What of the files may run; nothing is tried yet. */
export type Candidate =
  ({ readonly kind: 'candidate'; readonly config: Config } & Partly) | ({ readonly kind: 'refused' } & Problems)

export function candidateOf({ loaded }: FilesRead, edge: Pick<EdgeControl, 'config' | 'whole'>): Candidate {
  if (loaded.kind === 'config')
    return { kind: 'candidate', config: edge.whole(loaded.config), kept: [], problems: [], omitted: 0 }
  const { problems, omitted, rest } = loaded
  // A pool that a provider has made is no version of one of the file's.
  const config = rest && isolate(rest, ownPart(edge.config))
  if (config === undefined || rest === undefined) return { kind: 'refused', problems, omitted }
  return { kind: 'candidate', config: edge.whole(config), kept: rest.faultyPools, problems, omitted }
}

/** Tried out, and what it leaves as it is. */
interface Tried extends Partly {
  readonly kind: 'tried'
  readonly config: Config
  readonly move: Move
}

type Explain = (problems: readonly ApplyProblem[]) => Problem[]

/** What was found wrong with the config that was read, at its places. */
export const explainIn =
  ({ place, cwd }: ConfigFiles, read: FilesRead): Explain =>
  (problems) =>
    locateAll(problems, { file: place.path, name: place.name, text: read.text(place.path) ?? '', cwd })

/** As a whole; else, when all that is refused lies in pools, without those. */
async function tryCandidate(edge: EdgeControl, read: FilesRead, explain: Explain): Promise<Tried | Refused> {
  const inForce = edge.config
  const candidate = candidateOf(read, edge)
  if (candidate.kind === 'refused') return candidate
  const first = await tryOut(edge, candidate.config)
  if (first.kind === 'move') return { ...candidate, kind: 'tried', move: first.move }
  const problems = [...candidate.problems, ...explain(first.problems)]
  const refused = { kind: 'refused', problems, omitted: candidate.omitted } as const
  const keys = first.problems.map((problem) => problem.key)
  const faultyPools = poolsOfKeys(keys, candidate.config)
  const config = faultyPools && isolate({ config: candidate.config, faultyPools }, inForce)
  if (config === undefined || faultyPools === undefined) return refused
  const second = await tryOut(edge, config)
  if (second.kind === 'refused') return { ...refused, problems: [...problems, ...explain(second.problems)] }
  return { ...refused, kind: 'tried', config, move: second.move, kept: [...candidate.kept, ...faultyPools] }
}

function outcomeOf({ move, config, kept: isolated, problems, omitted }: Tried, explain: Explain): Outcome {
  const held = move.kept ?? []
  const keys = held.map(({ key }) => key)
  const kept = [...new Set([...isolated, ...namesOfKeys(keys, config)])]
  // A file that is gone is missed by who reads the config, and by who reads the file.
  const known = new Set(problems.map(({ key }) => key))
  const found = explain(held.filter(({ key }) => !known.has(key)))
  return { config, isolated, kept, news: move.news ?? [], problems: [...problems, ...found], omitted }
}

export function createPublisher(edge: EdgeControl, files: ConfigFiles): Publisher {
  /** What came into force whole, and is in force still. */
  let sound: { readonly digest: string; readonly config: Config } | undefined

  async function prepare(read: FilesRead): Promise<Ready | Refused> {
    const inForce = { config: edge.config, kept: [], problems: [], omitted: 0 }
    const explain = explainIn(files, read)
    // Nothing to try: the files say, and the strategies are, what they were.
    const isSound = sound?.digest === read.digest && sound.config === edge.config
    const tried: Tried | Refused = isSound
      ? { kind: 'tried', ...inForce, move: NO_MOVE }
      : await tryCandidate(edge, read, explain)
    if (tried.kind === 'refused') return tried
    const { move } = tried
    const outcome = outcomeOf(tried, explain)
    return {
      kind: 'ready',
      ...outcome,
      commit() {
        if (move.isNews) move.commit()
        else move.abandon()
        sound = outcome.problems.length === 0 ? { digest: read.digest, config: edge.config } : undefined
        // A provider that is new has been heard meanwhile.
        return { kind: move.isNews ? 'applied' : 'unchanged', ...outcome, config: edge.config }
      },
      abandon: () => move.abandon(),
    }
  }

  return {
    prepare,
    async publish(read) {
      const ready = await prepare(read)
      return ready.kind === 'refused' ? ready : ready.commit()
    },
    async publishWhole(read) {
      const ready = await prepare(read)
      if (ready.kind === 'refused') return ready
      if (ready.problems.length === 0) return ready.commit()
      ready.abandon()
      return { kind: 'refused', problems: ready.problems, omitted: ready.omitted }
    },
  }
}
