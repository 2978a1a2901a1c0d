/** Any other contestant, given as a command line: `NAME=COMMAND`, in which {port} and {backend} are replaced. */
import type { Peer } from './peer.ts'

/** Throws when there is no `=`, no name or no command. Words are split at spaces; there is no quoting. */
export function parseCommandPeer(text: string): Peer {
  const [name = '', ...rest] = text.split('=')
  const words = rest.join('=').split(' ').filter(Boolean)
  const [program] = words
  if (name === '' || program === undefined)
    throw new Error(`--contestant must be NAME=COMMAND with {port} and {backend} in it, got '${text}'`)
  return {
    name,
    install: `no program '${program}' in PATH`,
    version: () => (Bun.which(program) === null ? undefined : program),
    launch: (job) => ({
      command: words.map((word) =>
        word.replaceAll('{port}', String(job.port)).replaceAll('{backend}', `127.0.0.1:${job.backendPorts[0]}`),
      ),
      files: {},
    }),
  }
}
