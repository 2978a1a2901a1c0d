/** The contract of a contestant: how it is found, and how it is started for a given job. */

/** What a contestant has to do: listen on loopback and pass requests on to loopback backends. */
export interface Job {
  readonly port: number
  /** Ports of the backends, at least one. */
  readonly backendPorts: readonly number[]
  /** One for each backend; undefined: all the same. */
  readonly weights?: readonly number[] | undefined
  /** An existing directory of its own, absolute, for whatever it writes. */
  readonly directory: string
  /** undefined: its usual configuration. */
  readonly safeguards?: Safeguards | undefined
  /** 'tcp': it passes on bytes, and knows nothing of requests; undefined: HTTP. */
  readonly mode?: 'tcp' | undefined
  /** Clients speak TLS with it; undefined: plain HTTP. */
  readonly tls?: JobTls | undefined
  /** Clients speak HTTP/2 with it, 'both': and backends; undefined: HTTP/1.1. Without `tls` by prior knowledge, and with backends always so. */
  readonly http2?: 'front' | 'both' | undefined
  /** Backends speak TLS, and are to be who the certificate says; undefined: plain HTTP. */
  readonly backendTls?: JobTls | undefined
}

/** Absolute paths in PEM: a certificate, its key, and a file with both. */
export interface JobTls {
  readonly cert: string
  readonly key: string
  readonly both: string
}

/**
 * What is switched on against failing backends: retries elsewhere after a lost connection, a time-out and 502 to 504, three
 * attempts in all; backends that fail are left out for a while, and looked at twice a second. Each contestant has of it
 * what it can.
 */
export interface Safeguards {
  /** How long one attempt may take, in ms. */
  readonly tryMs: number
  /** What takes longer, in ms, counts against a backend; undefined: nothing does. */
  readonly slowMs?: number
  /** A second request where the first is late. */
  readonly hedge?: boolean
  /** Requests at once at each backend; others wait. */
  readonly room?: { readonly maxInflight: number; readonly queueLength: number; readonly queueMs: number }
}

export interface Launch {
  readonly command: readonly string[]
  /** Written into the job's directory before the start: name -> text. */
  readonly files: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

export interface Peer {
  readonly name: string
  /** How to get it, for people: a command or an address. */
  readonly install: string
  /** Its version in a few words; undefined when it is not on this machine. Runs a program at most. */
  readonly version: () => string | undefined
  readonly launch: (job: Job) => Launch
}

/** Where Debian and others put servers; PATH names these folders for root only. */
const serverFolders = '/usr/local/sbin:/usr/sbin:/sbin'

/** How to call `program`: by its name where PATH has it, else by its path among the system's servers; undefined: it is not there. */
export const locate = (program: string, folders = serverFolders): string | undefined =>
  Bun.which(program) === null ? (Bun.which(program, { PATH: folders }) ?? undefined) : program

/** The first line that `command` prints, on either stream; undefined when it cannot be run. */
export function firstLine(command: readonly string[]): string | undefined {
  const [name = '', ...rest] = command
  const program = locate(name)
  if (program === undefined) return undefined
  const { stdout, stderr } = Bun.spawnSync([program, ...rest], { stdin: 'ignore' })
  return `${stdout.toString()}\n${stderr.toString()}`
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '')
}
