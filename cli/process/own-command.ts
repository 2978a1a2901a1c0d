/** How this program starts itself once more: on the Bun it runs on and by that one's flags, which keep the working directory out. */
import { isOneFile, ownFile } from '../../core/own-place.ts'

/** The command line of another `smartedge`. */
export const ownCommand = (...args: readonly string[]): string[] => [
  process.execPath,
  ...process.execArgv,
  ...(isOneFile ? [] : [ownFile('cli/main.ts')]),
  ...args,
]
