/**
 * A machine to throw away: this system's files with a layer above them that takes what is written, booted by its own
 * systemd in namespaces of its own, without a network. Takes root, overlayfs, and Debian's package systemd-container.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Outcome {
  readonly out: string
  readonly err: string
  readonly code: number
}

export interface Machine {
  run(...command: readonly string[]): Promise<Outcome>
  /** Absolute, in a folder that is there. */
  write(path: string, content: string | Bun.BunFile): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const layered = `mount -t tmpfs none "$1" && cd "$1" && mkdir upper work root &&
mount -t overlay none -o lowerdir=/,upperdir=upper,workdir=work root && touch root/.to-throw-away`

/** Nothing is ever done to the machine that this runs on, not even while the other one is on its way into its namespaces. */
const inside = ['sh', '-c', 'test -e /.to-throw-away && exec "$@"', 'sh']

const container =
  'systemd-nspawn --quiet --directory="$1/root" --register=no --keep-unit --private-network --console=pipe'

/** Nothing is left of it when we die. */
const inOwnMounts = (script: string, folder: string): string[] => [
  'setpriv',
  '--pdeathsig=KILL',
  'unshare',
  '--mount',
  '--propagation=private',
  'sh',
  '-c',
  script,
  'sh',
  folder,
]

/** Whether there can be any here. */
export function canBoot(): boolean {
  if (process.getuid?.() !== 0 || Bun.which('systemd-nspawn') === null) return false
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-machine-'))
  try {
    return Bun.spawnSync(inOwnMounts(`${layered} && ${container} true`, folder), { stderr: 'ignore' }).exitCode === 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Resolves when it has booted, as far as services can be started; rejects with what it said when it does not. */
export async function bootMachine(): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-machine-'))
  const boot = `${layered} && exec ${container} --boot systemd.unit=basic.target`
  const child = Bun.spawn(inOwnMounts(boot, folder), { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const said = Promise.all([child.stdout.text(), child.stderr.text()])
  async function run(stdin: 'ignore' | Blob, command: readonly string[]): Promise<Outcome> {
    const enter = ['nsenter', '--all', `--target=${firstProcess(child.pid)}`]
    const spawned = Bun.spawn([...enter, ...inside, ...command], {
      stdin,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err, code] = await Promise.all([spawned.stdout.text(), spawned.stderr.text(), spawned.exited])
    return { out, err, code }
  }
  while ((await run('ignore', ['systemctl', 'is-active', 'basic.target'])).code !== 0) {
    if (child.exitCode !== null) throw new Error(`did not boot:\n${(await said).join('\n')}`)
    await Bun.sleep(50)
  }
  return {
    run: (...command) => run('ignore', command),
    async write(path, content) {
      const { err, code } = await run(new Blob([content]), ['tee', path])
      if (code !== 0) throw new Error(`${path} is not written: ${err}`)
    },
    async [Symbol.asyncDispose]() {
      const first = Number(firstProcess(child.pid))
      // 0 would be all of our own group.
      if (first > 0) process.kill(first, 'SIGKILL')
      await child.exited
      rmSync(folder, { recursive: true })
    },
  }
}

/** What a process has started first, of namespaces say process 1, by the id that it has here; '0' where there is none. */
export function firstProcess(starter: number): string {
  try {
    const [first = ''] = readFileSync(`/proc/${starter}/task/${starter}/children`, 'latin1').split(' ')
    return first === '' ? '0' : first
  } catch {
    // It has ended.
    return '0'
  }
}
