/**
 * The command line: every verb with its options, their rules and its one-line purpose. A verb's module is loaded when it
 * is called, so that client verbs run where Bun is not, and `--help` costs nothing.
 */
import { isatty } from 'node:tty'
import { Command, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '../../core/clock.ts'
import metadata from '../../package.json' with { type: 'json' }
import { addBench } from './bench-args.ts'
import type { InitOptions } from '../commands/init.ts'
import type { OriginsOptions } from '../commands/origins.ts'
import type { RunOptions } from '../commands/run.ts'
import type { SchemaOptions } from '../commands/schema.ts'
import type { StatusOptions } from '../commands/status.ts'
import type { TopOptions } from '../top/top-session.ts'
import type { ValidateOptions } from '../commands/validate.ts'
import { addControl, withTarget } from './control-args.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { addStrategy } from './strategy-args.ts'

/** What a verb comes to: its exit code. */
export type Finish = (code: number) => void

/** A program that runs one verb on `io` and hands its exit code to `finish`; usage errors throw a `CommanderError`. */
export function createProgram(io: ServiceIo, finish: Finish): Command {
  const program = new Command('smartedge')
    .description('An HTTP load balancer on Bun whose algorithms are TypeScript files.')
    .version(metadata.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help on a command')
    .option('--no-color', 'no colours (also NO_COLOR; FORCE_COLOR for the opposite)')
    .option('-v, --verbose', 'failures with their stack')
    .showHelpAfterError('(see smartedge --help)')
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, getOutHasColors: () => io.color })
    .addHelpText('after', '\nDocumentation: docs/operations.md\n')
  addServices(program, io, finish)
  addClients(program, io, finish)
  addControl(program, () => withColor(io, program), finish)
  addConfigTools(program, io, finish)
  addStrategy(program, () => withColor(io, program), finish)
  addBench(program, () => withColor(io, program), finish)
  return program
}

const configOption = () =>
  new Option('-c, --config <file>', 'the configuration (else SMARTEDGE_CONFIG, else the usual places)')
const quietOption = () => new Option('-q, --quiet', 'warnings and errors only')
const jsonEventsOption = () => new Option('--json', 'events as JSON, on a terminal too')

function addServices(program: Command, io: ServiceIo, finish: Finish): void {
  for (const [name, description] of [
    ['run', 'serve the configuration until a signal ends it'],
    ['demo', 'run, with an origin started for each member on this machine'],
  ] as const) {
    program
      .command(name)
      .description(description)
      .addOption(configOption())
      .addOption(jsonEventsOption())
      .addOption(quietOption())
      .option('--no-watch', 'saved files wait for a reload')
      .option('--top', 'with the dashboard in this terminal; leaving it ends both')
      .action(async (options: RunOptions) => {
        const verb =
          name === 'run' ? (await import('../commands/run.ts')).run : (await import('../commands/demo.ts')).demo
        finish(await verb(withColor(io, program), options))
      })
  }
  program
    .command('origins')
    .description('start test backends')
    .option('--servers <count>', 'how many', wholeNumber(1, 1000), 10)
    .option(
      '--start-port <port>',
      'the first one’s port, the others follow; 0: any free ones',
      wholeNumber(0, 65_535),
      8100,
    )
    .option('--host <address>', 'where they listen', '127.0.0.1')
    .option('--latency <time>', 'before each answer: 20ms, or 5ms..50ms drawn evenly', latencyRange)
    .option('--error-rate <ratio>', 'answered with 500: 0..1', ratio, 0)
    .option('--hang-rate <ratio>', 'never answered: 0..1', ratio, 0)
    .addOption(quietOption())
    .action(async (options: OriginsOptions) => {
      finish(await (await import('../commands/origins.ts')).origins(io, options))
    })
}

function addClients(program: Command, io: ServiceIo, finish: Finish): void {
  withTarget(program.command('status'))
    .description('show pools and backends of a running SmartEdge')
    .option('--json', 'the whole snapshot as JSON; with --watch one a line')
    .option('-w, --watch', 'again every second')
    .action(async (options: StatusOptions) => {
      finish(await (await import('../commands/status.ts')).status(withColor(io, program), options))
    })
  withTarget(program.command('top'))
    .description('watch a running SmartEdge on the terminal, and act on what you see')
    .option('--once', 'print one frame as text')
    .option('--json', 'with --once: the frame as JSON')
    .option('--read-only', 'without the keys that change anything')
    .option('--ascii', 'draw with ASCII alone')
    .action(async (options: TopOptions) => {
      const services = { io: withColor(io, program), clock: systemClock, stdinIsTty: isatty(0) }
      finish(await (await import('../commands/top.ts')).top(services, options))
    })
}

function addConfigTools(program: Command, io: ServiceIo, finish: Finish): void {
  program
    .command('validate')
    .description('say everything that is wrong with a configuration, or sum it up')
    .addOption(configOption())
    .option('--json', 'the outcome as JSON')
    .action(async (options: ValidateOptions) => {
      finish(await (await import('../commands/validate.ts')).validate(io, options))
    })
  program
    .command('init [directory]')
    .description('write a small configuration to start from')
    .option('-f, --force', 'overwrite what is there')
    .action(async (directory: string | undefined, options: Pick<InitOptions, 'force'>) => {
      finish(await (await import('../commands/init.ts')).init(io, { ...options, directory }))
    })
  program
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .option('--members', 'that of backends.json instead')
    .action(async (options: SchemaOptions) => {
      finish(await (await import('../commands/schema.ts')).schema(io, options))
    })
}

const withColor = (io: ServiceIo, program: Command): ServiceIo =>
  program.opts<{ color: boolean }>().color ? io : { ...io, color: false }

/** A parser of whole numbers; refuses signs, fractions and what lies outside. */
const wholeNumber =
  (from: number, to: number) =>
  (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (number >= from && number <= to) return number
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`)
  }

function ratio(text: string): number {
  const number = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
  if (number <= 1) return number
  throw new InvalidArgumentError('It must be a number from 0 to 1, such as 0.1.')
}

/** `20ms` or `5ms..50ms`, units ms and s, at most an hour. */
function latencyRange(text: string): { min: number; max: number } {
  const parts = text.split('..')
  const [min = Number.NaN, max = min] = parts.map(durationMs)
  if (parts.length <= 2 && min <= max && max <= 3_600_000) return { min, max }
  throw new InvalidArgumentError('It must be a time such as 20ms or 1.5s, or a range such as 5ms..50ms.')
}

function durationMs(text: string): number {
  const match = /^(\d{1,7}(?:\.\d{1,6})?)(ms|s)$/.exec(text)
  return match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : Number.NaN
}
