// Makes `npm start` and `npm test` work as the first command on a fresh clone: installs what the lock file names
// when it is newer than what is installed, and sees to it that Bun's binary runs. Plain Node, no dependencies.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')
const bun = join(root, 'node_modules', '.bin', 'bun')

const bunRuns = () => spawnSync(bun, ['--version'], { stdio: 'ignore' }).status === 0
const say = (text) => process.stderr.write(`${text}\n`)

if (!existsSync(installed) || statSync(lock).mtimeMs > statSync(installed).mtimeMs) {
  say('Installing dependencies (once) …')
  // Said here, as npm's own warnings of it, one a dependency, are left out below.
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 22))
    say(
      `Some declare Node 22.22 or newer, this is ${process.versions.node}. They run on Bun, so that it works all the ` +
        'same, unless npm is told to be strict (engine-strict).',
    )
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
}
// Where install scripts are switched off, npm leaves Bun's launcher without its binary.
if (!bunRuns())
  execFileSync('node', [join(root, 'node_modules', 'bun', 'install.js')], { cwd: root, stdio: ['ignore', 2, 2] })
if (!bunRuns()) {
  say(`Bun does not run: ${bun} --version failed. SmartEdge is for Linux and macOS on x64 or arm64.`)
  process.exit(1)
}
