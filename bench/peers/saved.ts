/** Contestants whose files are saved while they serve, and how each learns of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Child } from '../children.ts'
import { nginx, renderNginx } from './nginx.ts'
import type { Job, Peer } from './peer.ts'
import { createSmartedge, renderSmartedge } from './smartedge.ts'

/** What can be saved. */
export type Saved = 'members' | 'strategy'

/**
 * Four backends, of which three serve at a time. Of each pair one gets traffic, and shows by it which version is live:
 * of the last pair the one that is a member, of the first the one that the strategy favours (see `renderStrategy`).
 */
export type Versions = Readonly<Record<Saved, 0 | 1>>

export interface SavedPeer {
  readonly peer: Peer
  readonly kinds: readonly Saved[]
  readonly save: (kind: Saved, versions: Versions, job: Job, child: Pick<Child, 'pid'>) => void
}

const strategyFile = 'strategy.mjs'

/** By itself. */
const smartedge: SavedPeer = {
  peer: {
    ...createSmartedge(),
    launch(job) {
      const launch = createSmartedge(join(job.directory, strategyFile)).launch(firstMembers(job))
      return { ...launch, files: { ...launch.files, [strategyFile]: renderStrategy(job, 0) } }
    },
  },
  kinds: ['members', 'strategy'],
  save(kind, versions, job) {
    const [name, text] =
      kind === 'strategy'
        ? [strategyFile, renderStrategy(job, versions.strategy)]
        : ['smartedge.config.json', renderSmartedge(members(job, versions.members), join(job.directory, strategyFile))]
    writeFileSync(join(job.directory, name), text)
  },
}

/** By a signal after it, as its users do. Its strategies are not files. */
const nginxBySignal: SavedPeer = {
  peer: { ...nginx, launch: (job) => nginx.launch(firstMembers(job)) },
  kinds: ['members'],
  save(_kind, versions, job, child) {
    writeFileSync(join(job.directory, 'nginx.conf'), renderNginx(members(job, versions.members)))
    process.kill(child.pid, 'SIGHUP')
  },
}

export const savedPeers: readonly SavedPeer[] = [smartedge, nginxBySignal]

/** Index of the backend whose traffic shows that this version is live. */
export const witnessOf = (kind: Saved, versions: Versions): number =>
  kind === 'strategy' ? versions.strategy : 2 + versions.members

function members(job: Job, version: 0 | 1): Job {
  const [a = 0, b = 0, c = 0, d = 0] = job.backendPorts
  return { ...job, backendPorts: [a, b, version === 0 ? c : d] }
}

const firstMembers = (job: Job): Job => members(job, 0)

/** Half of the requests to the member that may change, the others to one of the first pair. A plain module: it stands outside the project. */
export function renderStrategy({ backendPorts }: Pick<Job, 'backendPorts'>, version: 0 | 1): string {
  return `const favourite = '127.0.0.1:${backendPorts[version]}'
export default {
  apiVersion: 2,
  name: 'favourite',
  parse: (raw) => raw,
  create() {
    let turn = 0
    return {
      pick(candidates) {
        const last = candidates[candidates.length - 1]
        return turn++ % 2 === 0 ? last : (candidates.find(({ id }) => id === favourite) ?? last)
      },
    }
  },
}
`
}
