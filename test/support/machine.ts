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
mount -t overlay none -o lowerdir=/,upperdir=upper,workdir=work root`

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
    return Bun.spawnSync(inOwnMounts(layered, folder), { stderr: 'ignore' }).exitCode === 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Resolves when it has booted, as far as services can be started; rejects with what it said when it does not. */
export async function bootMachine(): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-machine-'))
  const boot = `${layered} && exec systemd-nspawn --quiet --directory="$1/root" --register=no --keep-unit \\
    --private-network --console=pipe --boot systemd.unit=basic.target`
  const child = Bun.spawn(inOwnMounts(boot, folder), { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const said = Promise.all([child.stdout.text(), child.stderr.text()])
  const inside = ['nsenter', '--all', '--target']
  async function run(stdin: 'ignore' | Blob, command: readonly string[]): Promise<Outcome> {
    const spawned = Bun.spawn([...inside, firstProcess(child.pid), ...command], {
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
      process.kill(Number(firstProcess(child.pid)), 'SIGKILL')
      await child.exited
      rmSync(folder, { recursive: true })
    },
  }
}

/** What a process has started first, of namespaces say process 1, by the id that it has here; '0' before there is one. */
export function firstProcess(starter: number): string {
  const [first = '0'] = readFileSync(`/proc/${starter}/task/${starter}/children`, 'latin1').split(' ')
  return first === '' ? '0' : first
}
