/**
 * Where the program begins that is one file (`npm run compile`). It does what `bin/smartedge` does for the package: Bun reads
 * its bound on requests to auth services and key sets as it starts, so that the process becomes itself once more, with that set.
 */
import process from 'node:process'
import { givenDescriptors } from '../core/net/given-sockets.ts'

const { SMARTEDGE_LAUNCHER, BUN_CONFIG_MAX_HTTP_REQUESTS } = process.env

if (SMARTEDGE_LAUNCHER === undefined || BUN_CONFIG_MAX_HTTP_REQUESTS === undefined) {
  process.env['SMARTEDGE_LAUNCHER'] = process.argv0
  process.env['BUN_CONFIG_MAX_HTTP_REQUESTS'] ??= '10000'
  // Bun leaves no descriptor open on the way. Who was given sockets has that bound for what it supervises.
  if (givenDescriptors(process.env).length === 0)
    process.execve?.(process.execPath, [process.argv0, ...process.argv.slice(2)], process.env)
}

const { mainOfProcess } = await import('./main.ts')
await mainOfProcess(process.argv.slice(2))
