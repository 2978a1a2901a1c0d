/** What one would write on Node: http-proxy-3 with a keep-alive agent. Used when that package is installed. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { firstLine, type Peer } from './peer.ts'

const program = join(import.meta.dirname, 'node-proxy.mjs')
const require = createRequire(import.meta.url)

export const node: Peer = {
  name: 'node',
  install: 'npm install --no-save http-proxy-3',
  version() {
    const version = firstLine(['node', '--version'])
    const library = findVersion('http-proxy-3/package.json')
    return version === undefined || library === undefined ? undefined : `${version} with http-proxy-3 ${library}`
  },
  launch: (job) => ({ command: ['node', program, String(job.port), ...job.backendPorts.map(String)], files: {} }),
}

function findVersion(manifest: string): string | undefined {
  try {
    return String(require(manifest).version)
  } catch {
    return undefined
  }
}
