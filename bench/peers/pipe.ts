/**
 * The floor: a Bun byte pipe that joins each client connection to one backend connection and reads nothing.
 * No proxy on the same sockets can be cheaper.
 */
import { join } from 'node:path'
import type { Peer } from './peer.ts'

const program = join(import.meta.dirname, 'byte-pipe.ts')

export const pipe: Peer = {
  name: 'pipe',
  install: 'part of SmartEdge',
  version: () => `Bun ${Bun.version}`,
  launch: (job) => ({
    command: [process.execPath, program, String(job.port), ...job.backendPorts.map(String)],
    files: {},
  }),
}
