/** The verbs of `smartedge config`: their arguments, options and one-line purposes. */
import { type Command, InvalidArgumentError } from 'commander'
import type { PushOptions, WriteOptions } from '../commands/config.ts'
import type { SourceOptions } from '../client/fleet-source.ts'
import { parseDurationMs } from '../../core/config/read/units.ts'
import type { Io } from '../process/io.ts'
import { requireBun } from './runtime.ts'
import { count } from './values.ts'

/** `finish` gets a verb's exit code; `ioOf` is asked when a verb is called. */
export function addConfig(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  const config = program
    .command('config')
    .description('push a configuration to all nodes of a fleet, and take it back')
    .helpCommand(false)
    .addHelpText('after', '\nIts <source> is what the nodes run with: etcd://, consul:// or https://.')
  const load = async () => {
    requireBun('config')
    return await import('../commands/config.ts')
  }
  const verb = (name: string, description: string): Command =>
    config
      .command(name)
      .description(description)
      .option('-c, --config <source>', 'the source of the fleet, such as etcd://host/key (else SMARTEDGE_CONFIG)')
  const writing = (name: string, description: string): Command =>
    verb(name, description).option('--wait <time>', 'for the nodes to say what becomes of it (else 10s)', duration)
  writing('push <file>', 'validate a file, make it the next generation, and wait for the nodes; - is standard input')
    .option('--rollout <percent>', 'for a share of the nodes first, such as 10%', percent)
    .option('--over <generation>', 'refuse unless that is the newest generation', count)
    .option('--note <text>', 'what for, for the history')
    .action(async (file: string, options: PushOptions) =>
      finish(await (await load()).configPush(ioOf(), file, options)),
    )
  writing('rollout', 'give the newest generation to another share of the nodes: 100% for all')
    .argument('<percent>', 'such as 50%', percent)
    .action(async (share: number, options: WriteOptions) =>
      finish(await (await load()).configRollout(ioOf(), share, options)),
    )
  verb(
    'diff [file]',
    'what a push of the file would change; without one, what the newest generation has changed',
  ).action(async (file: string | undefined, options: SourceOptions) =>
    finish(await (await load()).configDiff(ioOf(), file, options)),
  )
  verb('show', 'print the newest generation, or another')
    .argument('[generation]', 'such as 7', count)
    .action(async (generation: number | undefined, options: SourceOptions) =>
      finish(await (await load()).configShow(ioOf(), generation, options)),
    )
  verb('history', 'list the generations that can be gone back to')
    .option('--json', 'as JSON')
    .action(async (options: SourceOptions) => finish(await (await load()).configHistory(ioOf(), options)))
  writing('rollback', 'make an earlier generation the next one: the one before, or the one that is named')
    .argument('[generation]', 'such as 7', count)
    .option('--note <text>', 'what for, for the history')
    .action(async (generation: number | undefined, options: PushOptions) =>
      finish(await (await load()).configRollback(ioOf(), generation, options)),
    )
}

/** ms, up to an hour. */
function duration(text: string): number {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms <= 3_600_000) return ms
  throw new InvalidArgumentError('must be a time such as 30s or 5m; 0s: not to wait')
}

/** `10%`, `10` or `0.5%`. */
function percent(text: string): number {
  const value = /^\d{1,3}(?:\.\d{1,3})?%?$/.test(text) ? Number(text.replace('%', '')) : Number.NaN
  if (value > 0 && value <= 100) return value
  throw new InvalidArgumentError('must be a share of the nodes above 0 and up to 100 %, such as 10%')
}
