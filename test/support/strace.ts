/** System calls that fail as strace(1) has them, in a process that was begun under it or is watched by it for a while. */
import { onTestFinished } from 'bun:test'
import { join } from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'

/** What strace injects: `recv:error=EINTR:when=3+5`, as after its `-e inject=`. */
export type Injection = string

/** Why nothing can be tried by it here, in words; undefined: it can. */
export const straceRefusal = refusal()

function refusal(): string | undefined {
  if (process.platform !== 'linux') return 'strace is for Linux'
  if (Bun.which('strace') === null) return 'strace is not installed'
  const tried = Bun.spawnSync(['strace', '-qq', '-o', '/dev/null', 'true'], { stderr: 'pipe' })
  return tried.exitCode === 0 ? undefined : `strace may not trace: ${tried.stderr.toString().trim()}`
}

/** For `startProcess`: the main thread's calls of that name fail, those of them that `when` says. */
export function withoutCall(name: string, code: string, when: string): { readonly shell: string } {
  // Its tracer is the grandchild, so the process stays the one that was begun.
  const inject = `-e trace=${name} -e inject=${name}:error=${code}:when=${when}`
  return { shell: `exec strace -D -qq -o /dev/null ${inject} "$@";` }
}

export interface Injected {
  /** Nothing fails any more. Tells how many calls did. */
  readonly end: () => Promise<number>
}

/** Has calls of all threads of `pid` fail from when it resolves until it is ended. Rejects where strace can't do that. */
export async function inject(pid: number, injections: readonly Injection[]): Promise<Injected> {
  const log = join(temporaryFolder(), 'calls')
  const calls = injections.map((one) => one.slice(0, one.indexOf(':')))
  const inject = injections.flatMap((one) => ['-e', `inject=${one}`])
  const strace = Bun.spawn(
    ['strace', '-f', '-o', log, '-e', `trace=${calls.join(',')}`, ...inject, '-p', String(pid)],
    { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' },
  )
  const end = async (): Promise<number> => {
    strace.kill('SIGINT')
    await strace.exited
    return (await Bun.file(log).text()).split('(INJECTED)').length - 1
  }
  onTestFinished(() => {
    strace.kill('SIGINT')
  })
  await untilAttached(strace.stderr, pid)
  return { end }
}

/** And reads on to the end: strace also tells of each thread that is begun, and ends where nobody hears it. */
function untilAttached(stderr: ReadableStream<Uint8Array<ArrayBuffer>>, pid: number): Promise<void> {
  const attached = Promise.withResolvers<void>()
  void (async () => {
    const decoder = new TextDecoder()
    let said = ''
    for await (const piece of stderr) {
      said += decoder.decode(piece, { stream: true })
      if (said.includes(`Process ${pid} attached`)) attached.resolve()
    }
    attached.reject(new Error(`strace does not attach: ${said}`))
  })()
  return attached.promise
}
