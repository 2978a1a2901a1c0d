/** What people type to call this program again, so that what a command proposes works as printed. */
import { delimiter, dirname } from 'node:path'
import { displayName } from '../../core/config/read/reading.ts'
import type { Io } from './io.ts'

/** `smartedge`, `npx smartedge`, or the launcher's path where neither would be found. Pure. */
export function calledAs(env: Io['env'], cwd: string): string {
  // npx's own folders are in PATH as long as it runs, and gone afterwards.
  if (env['npm_command'] === 'exec') return 'npx smartedge'
  const launcher = env['SMARTEDGE_LAUNCHER'] ?? ''
  if (!launcher.includes('/')) return 'smartedge'
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin'))
  return folders.includes(dirname(launcher)) ? 'smartedge' : displayName(launcher, cwd)
}
