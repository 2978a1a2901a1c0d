/** What was read of the files -> the edge: as a whole, or without the pools that cannot be changed now, or not at all. */
import { findNodeAtLocation, type JSONPath, type Node, parseTree } from 'jsonc-parser'
import type { Config } from '../config/config.ts'
import { isolate, poolsOfKeys } from '../config/isolate.ts'
import { fileProblem, type Problem } from '../config/problems.ts'
import { displayName } from '../config/read/reading.ts'
import type { ConfigFiles, Partly, Problems } from './contract.ts'
import type { ApplyProblem } from '../part.ts'
import { type Applied, apply, type EdgeControl } from './edge-control.ts'
import type { FilesRead } from './read-files.ts'

export type Published =
  | ({
      readonly kind: 'applied' | 'unchanged'
      readonly config: Config
      /** Those of `kept` that stay as they were in full; of the others only the strategy does. */
      readonly isolated: readonly string[]
    } & Partly)
  | ({ readonly kind: 'refused' } & Problems)

/** What of the files may run; nothing is tried yet. */
export type Candidate =
  ({ readonly kind: 'candidate'; readonly config: Config } & Partly) | ({ readonly kind: 'refused' } & Problems)

export function candidateOf({ loaded }: FilesRead, inForce: Config): Candidate {
  if (loaded.kind === 'config') return { kind: 'candidate', config: loaded.config, kept: [], problems: [], omitted: 0 }
  const { problems, omitted, rest } = loaded
  const config = rest && isolate(rest, inForce)
  if (config === undefined || rest === undefined) return { kind: 'refused', problems, omitted }
  return { kind: 'candidate', config, kept: rest.faultyPools, problems, omitted }
}

/** Never rejects, as `apply` does not. */
export async function publish(edge: EdgeControl, files: ConfigFiles, read: FilesRead): Promise<Published> {
  const inForce = edge.config
  const candidate = candidateOf(read, inForce)
  if (candidate.kind === 'refused') return candidate
  const explain = (problems: readonly ApplyProblem[] = []): Problem[] =>
    problems.map((problem) => locate(problem, files, read))
  const first = await apply(edge, candidate.config)
  if (first.kind !== 'refused') return published(candidate, first, explain(first.kept))

  const problems = [...candidate.problems, ...explain(first.problems)]
  const refused = { kind: 'refused', problems, omitted: candidate.omitted } as const
  const faultyPools = poolsOfKeys(
    first.problems.map((problem) => problem.key),
    candidate.config,
  )
  const config = faultyPools && isolate({ config: candidate.config, faultyPools }, inForce)
  if (config === undefined || faultyPools === undefined) return refused
  const second = await apply(edge, config)
  if (second.kind === 'refused') return { ...refused, problems: [...problems, ...explain(second.problems)] }
  const kept = [...candidate.kept, ...faultyPools]
  return published({ ...candidate, config, kept, problems }, second, explain(second.kept))
}

function published(
  candidate: Candidate & { kind: 'candidate' },
  { kind, kept = [] }: Exclude<Applied, { kind: 'refused' }>,
  problems: readonly Problem[],
): Published {
  const { config, omitted } = candidate
  const held = poolsOfKeys(
    kept.map(({ key }) => key),
    config,
  )
  return {
    kind,
    config,
    isolated: candidate.kept,
    kept: [...new Set([...candidate.kept, ...(held ?? [])])],
    problems: [...candidate.problems, ...problems],
    omitted,
  }
}

/** Where its key, or the nearest one around it, stands in the config file. */
export function locate({ key, message }: ApplyProblem, { place, cwd }: ConfigFiles, read: FilesRead): Problem {
  const text = read.text(place.path) ?? ''
  const at = nearest(parseTree(text, [], { allowTrailingComma: true }), pathOf(key))
  const before = text.slice(0, at?.offset ?? 0).split(/\r\n|\n|\r/)
  const problem = fileProblem(displayName(place.path, cwd), message)
  return { ...problem, key, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

function nearest(root: Node | undefined, path: JSONPath): Node | undefined {
  if (root === undefined || path.length === 0) return root
  return findNodeAtLocation(root, path) ?? nearest(root, path.slice(0, -1))
}

/** `pools["a.b"].strategy` -> its steps; the inverse of `formatKey`. */
function pathOf(key: string): JSONPath {
  const steps = key.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)
  return [...steps].map(([, quoted, index, plain = '']) =>
    quoted !== undefined ? quoted : index !== undefined ? Number(index) : plain,
  )
}
