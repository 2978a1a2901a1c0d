/** A controller on real files in a folder of its own, with a fake edge and a virtual clock; all is taken away behind the test. */
import { onTestFinished } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../core/clock.ts'
import { loadConfig } from '../../core/config/load.ts'
import type { Controller, GivenText } from '../../core/control/contract.ts'
import { createController } from '../../core/control/controller.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { fakeEdge, type FakeEdge } from './fake-edge.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { virtualClock } from './virtual-clock.ts'

export interface Controlled {
  readonly controller: Controller
  readonly edge: FakeEdge
  readonly events: EdgeEvent[]
  readonly folder: string
  readonly read: (name: string) => string
  readonly write: (name: string, text: string) => void
  /** The weights of a pool's members in force, by id; negative: draining. */
  readonly members: (pool: string) => Readonly<Record<string, number>>
}

interface Options {
  readonly isWatched?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** The file that it starts from; any but edge.json is a lone members file. */
  readonly main?: string
  /** As if it had come through a pipe. */
  readonly isPiped?: boolean
  /** As if it had come from a source of that name. */
  readonly source?: string
}

/** `files` by name, edge.json among them. Watched files need the system's clock. */
export async function controlled(
  files: Readonly<Record<string, string>>,
  { isWatched = false, env = {}, main = 'edge.json', isPiped = false, source }: Options = {},
): Promise<Controlled> {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const kind = main === 'edge.json' ? 'config' : 'members'
  const place = { path: join(folder, main), kind, ...(source !== undefined && { name: source }) } as const
  const loaded = loadConfig({ place, cwd: folder, env })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded.problems))
  const edge = fakeEdge(loaded.config)
  const events: EdgeEvent[] = []
  const clock: Clock = isWatched ? systemClock : virtualClock()
  const emit = (event: EdgeEvent) => void events.push(event)
  const given: GivenText = { from: isPiped ? 'pipe' : 'source', text: files[main] ?? '' }
  const isGiven = isPiped || source !== undefined
  const configFiles = {
    place,
    cwd: folder,
    env,
    given: isGiven ? given : undefined,
    warnings: loaded.warnings,
    isWatched,
  }
  const controller = createController({ edge, files: configFiles, emit, clock })
  onTestFinished(() => controller.stop())
  return {
    controller,
    edge,
    events,
    folder,
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    write: (name, text) => writeFileSync(join(folder, name), text),
    members: (pool) =>
      Object.fromEntries(
        (edge.config.pools.find(({ name }) => name === pool)?.members ?? []).map(({ id, weight, isDraining }) => [
          id,
          isDraining ? -weight : weight,
        ]),
      ),
  }
}
