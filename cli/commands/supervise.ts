/** `smartedge run --supervised`: a small process that keeps the one alive which serves. */
import { systemClock } from '../../core/clock.ts'
import { isPipe } from '../../core/config/files.ts'
import { searchFor } from '../../core/config/discover.ts'
import { givenDescriptors } from '../../core/net/given-sockets.ts'
import { exitCode } from '../process/exit-codes.ts'
import { createServiceLog, styleOf } from '../process/event-log.ts'
import type { ServiceNews } from '../process/news.ts'
import { ownCommand } from '../process/own-command.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { type Ending, type Served, supervise } from '../process/supervisor.ts'
import type { RunOptions } from './run.ts'

/** `usage` when the configuration comes through a pipe: it could not be read again for the second process. */
export async function runSupervised(io: ServiceIo, options: RunOptions): Promise<number> {
  const search = searchFor({ path: options.config, cwd: io.cwd, env: io.env })
  if (search.kind === 'explicit' && isPipe(search.place.path)) {
    io.stderr(
      'smartedge: --supervised needs a configuration in a file: a pipe can be read once, not again after a death\n',
    )
    return exitCode.usage
  }
  // What this process loses, nobody asks it for.
  const counters = { eventsLostToBacklog: 0, eventsLostToFailure: 0 }
  const log = createServiceLog({ io, style: styleOf(io, options), clock: systemClock, counters })
  const command = ownCommand('run', ...argumentsOf(io, options))
  const start = (hear: (news: ServiceNews) => void): Served => startProcess(command, hear)
  const code = await supervise({ start, io, clock: systemClock, emit: log.emit })
  await log.end()
  return code
}

function argumentsOf(io: ServiceIo, { config, base, json, quiet, watch, warmUp }: RunOptions): string[] {
  return [
    ...(config === undefined ? [] : ['--config', config]),
    ...(base === undefined ? [] : ['--base', base]),
    ...(json ? ['--json'] : []),
    ...(quiet ? ['--quiet'] : []),
    ...(watch === false ? ['--no-watch'] : []),
    ...(warmUp ? ['--warm-up'] : []),
    ...(io.color ? [] : ['--no-color']),
  ]
}

/** In a session of its own: signals of the terminal reach it through us alone, once. It ends when our end of the pipe closes. */
function startProcess(command: readonly string[], hear: (news: ServiceNews) => void): Served {
  const given = givenDescriptors(process.env)
  const child = Bun.spawn([...command], {
    stdio: ['inherit', 'inherit', 'inherit', ...given],
    // They are meant for it now.
    env: { ...process.env, ...(given.length > 0 && { LISTEN_PID: String(process.pid) }) },
    detached: true,
    ipc: (message) => hear(message as ServiceNews),
  })
  const ended = child.exited.then((code): Ending =>
    child.signalCode === null ? { kind: 'exited', code } : { kind: 'killed', signal: String(child.signalCode) },
  )
  return { ended, signal: (signal) => child.kill(signal) }
}
