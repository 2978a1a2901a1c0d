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

if (!existsSync(installed) || statSync(lock).mtimeMs > statSync(installed).mtimeMs) {
  process.stderr.write('Installing dependencies (once) …\n')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
}
// Where install scripts are switched off, npm leaves Bun's launcher without its binary.
if (!bunRuns())
  execFileSync('node', [join(root, 'node_modules', 'bun', 'install.js')], { cwd: root, stdio: ['ignore', 2, 2] })
if (!bunRuns()) {
  process.stderr.write(
    `Bun does not run: ${bun} --version failed. Supported: Linux, macOS and Windows on x64 or arm64.\n`,
  )
  process.exit(1)
}
