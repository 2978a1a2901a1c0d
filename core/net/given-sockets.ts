/**
 * Sockets that listen already as the process begins: systemd's, of a socket unit (sd_listen_fds(3)). They outlive the process, so
 * that whoever comes while it is started again waits in their queues.
 */
import process from 'node:process'

type Env = Readonly<Record<string, string | undefined>>

/** Behind standard input, output and error. */
const FIRST = 3
/** systemd gives no unit more. */
const MAX_GIVEN = 1024

export interface GivenDescriptor {
  readonly fd: number
  /** FileDescriptorName= of its unit; undefined: it has none. */
  readonly name: string | undefined
}

/** With the names that the environment has for them, where it has one for each. */
export function namedDescriptors(env: Env, whose?: Pick<NodeJS.Process, 'pid' | 'ppid'>): GivenDescriptor[] {
  const descriptors = givenDescriptors(env, whose)
  const names = env['LISTEN_FDNAMES']?.split(':') ?? []
  const isWhole = names.length === descriptors.length
  return descriptors.map((fd, index) => ({ fd, name: isWhole ? names[index] : undefined }))
}

/**
 * Their descriptors, by what the environment says; none where others were meant. One process down counts as meant, too: what a
 * script or our own supervisor starts, which hands them on. Whether there really are sockets shows when they are used.
 */
export function givenDescriptors(env: Env, { pid, ppid }: Pick<NodeJS.Process, 'pid' | 'ppid'> = process): number[] {
  const { LISTEN_PID: meant = '', LISTEN_FDS: count = '' } = env
  if (meant !== String(pid) && meant !== String(ppid)) return []
  if (!/^\d{1,4}$/.test(count) || Number(count) > MAX_GIVEN) return []
  return Array.from({ length: Number(count) }, (_, index) => FIRST + index)
}
