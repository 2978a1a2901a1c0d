/** What one would write on Node: http-proxy-3 with a keep-alive agent, backends in turn, by weight when there are weights. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { firstLine, type Job, type Peer } from './peer.ts'

const program = join(import.meta.dirname, 'node-proxy.mjs')
const require = createRequire(import.meta.url)

export const node: Peer = {
  name: 'node',
  get install() {
    if (firstLine(['node', '--version']) === undefined) return 'Node in PATH, and http-proxy-3'
    return 'http-proxy-3: npm ci in a clone, or npm i http-proxy-3 in the folder that SmartEdge is installed in'
  },
  version() {
    const version = firstLine(['node', '--version'])
    const library = findVersion('http-proxy-3/package.json')
    return version === undefined || library === undefined ? undefined : `${version} with http-proxy-3 ${library}`
  },
  launch: (job) => ({ command: ['node', program, String(job.port), ...listTurns(job).map(String)], files: {} }),
}

/** The port of each turn: as often as its weight says, a whole number here. */
export const listTurns = ({ backendPorts, weights }: Pick<Job, 'backendPorts' | 'weights'>): readonly number[] =>
  backendPorts.flatMap((port, index) => Array.from({ length: weights?.[index] ?? 1 }, () => port))

function findVersion(manifest: string): string | undefined {
  try {
    return String(require(manifest).version)
  } catch {
    return undefined
  }
}
