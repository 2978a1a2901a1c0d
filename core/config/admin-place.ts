/** What a configuration says of its admin API, whatever else is wrong with it: whom clients of its edge ask. */
import { findNodeAtLocation } from 'jsonc-parser'
import type { AdminConfig } from './config.ts'
import { findConfig, type LoadOptions } from './load.ts'
import { createProblemList, fileProblem, missingConfig, type Problem } from './problems.ts'
import { createReading, displayName } from './read/reading.ts'
import { readBrokenTree, readTree } from './read/tree.ts'
import { admin } from './schema/listener.ts'

export type AdminPlace =
  /** `admin` undefined: it is switched off. */
  | { readonly kind: 'place'; readonly file: string; readonly admin: AdminConfig | undefined }
  /** Its file is missing or unreadable, or its address is none. */
  | { readonly kind: 'fault'; readonly problem: Problem }
  /** There is no configuration. */
  | { readonly kind: 'none' }

/** Looks where `loadConfig` does; never throws for what files hold or lack. A token whose variable is not set is none. */
export function findAdminPlace(options: LoadOptions): AdminPlace {
  const found = findConfig(options)
  if (found === undefined) return { kind: 'none' }
  const { place, file } = found
  const name = place.name ?? displayName(place.path, options.cwd)
  if (file.kind !== 'text') {
    const problem = file.kind === 'missing' ? missingConfig(name) : fileProblem(name, file.rule)
    return { kind: 'fault', problem }
  }
  const problems = createProblemList()
  const text = place.kind === 'config' ? file.text.replace(/^\uFEFF/, '') : '{}'
  const { cwd, env } = options
  const names = new Map(place.name === undefined ? [] : [[place.path, place.name]])
  const warnings = createProblemList()
  const session = { cwd, env, names, problems, warnings, attachments: new Map(), needs: new Map() }
  const root = readTree(text).root ?? readBrokenTree(text)
  const node = root && findNodeAtLocation(root, ['admin'])
  const draft = admin.read(node, createReading(place.path, text, session))
  const isAddressFaulty = draft?.address !== undefined && draft.address.value === undefined
  const [problem] = problems.sorted()
  if (isAddressFaulty && problem !== undefined) return { kind: 'fault', problem }
  return { kind: 'place', file: name, admin: draft?.config }
}
