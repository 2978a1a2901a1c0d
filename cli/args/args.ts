/**
 * The command line: every verb with its options, their rules and its one-line purpose. A verb's module is loaded when it
 * is called, so that client verbs run where Bun is not, and `--help` costs nothing.
 */
import { isatty } from 'node:tty'
import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import { displayName } from '../../core/config/read/reading.ts'
import { ownFile } from '../../core/own-place.ts'
import { didYouMean } from '../../core/suggest.ts'
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
import { addCert } from './cert-args.ts'
import { addClient, addPlan } from './client-args.ts'
import { addCompletions } from './completion-args.ts'
import { addConfig } from './config-args.ts'
import { addControl, withTargets } from './control-args.ts'
import { addDeploy } from './deploy-args.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { addExplain } from './explain-args.ts'
import { requireBun } from './runtime.ts'
import { addStrategy } from './strategy-args.ts'
import { explainUsageErrors } from './usage-errors.ts'
import { latencyRange, ratio, wholeNumber } from './values.ts'

/** In the package and in a clone; where Debian's has it. */
const handbooks = [ownFile('docs/operations.md'), '/usr/share/doc/smartedge/docs/operations.md']

/** What a verb comes to: its exit code. */
type Finish = (code: number) => void

/** A program that runs one verb on `io` and hands its exit code to `finish`; usage errors throw a `CommanderError`. */
export function createProgram(io: ServiceIo, finish: Finish): Command {
  const program = new Command('smartedge')
    .description('An HTTP load balancer on Bun whose algorithms are TypeScript files.')
    .version(metadata.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .option('--no-color', 'no colours (also NO_COLOR; FORCE_COLOR for the opposite)')
    .option('-v, --verbose', 'failures with their stack')
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, getOutHasColors: () => io.color })
    .addHelpText('after', () => documentation(io.cwd))
  addServices(program, io, finish)
  addClients(program, io, finish)
  addControl(program, () => withColor(io, program), finish)
  addDeploy(program, () => withColor(io, program), finish)
  addClient(program, () => withColor(io, program), finish)
  addPlan(program, () => withColor(io, program), finish)
  addCert(program, () => withColor(io, program), finish)
  addConfigTools(program, io, finish)
  addConfig(program, () => withColor(io, program), finish)
  addStrategy(program, () => withColor(io, program), finish)
  addBench(program, () => withColor(io, program), finish)
  addCompletions(program, () => io, finish)
  addHelp(program)
  explainUsageErrors(program)
  return program
}

/** A line, where there is something to read. */
function documentation(cwd: string): string {
  const handbook = handbooks.find((path) => existsSync(path))
  return handbook === undefined ? '' : `\nDocumentation: ${displayName(handbook, cwd)}`
}

/** As the parser's own, which says nothing of a command that there is not. */
function addHelp(program: Command): void {
  program
    .command('help')
    .argument('[command]', 'such as run')
    .description('print help on a command')
    .action((name: string | undefined) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name)
      if (command === undefined) program.error(unknownCommand(program, name ?? ''))
      command.help()
    })
}

/** As the parser words it, for `explainUsageErrors`. */
function unknownCommand({ commands }: Command, name: string): string {
  const names = commands.map((one) => one.name())
  const meant = didYouMean(name, names)
  return `error: unknown command '${name}'${meant === undefined ? '' : `\n(${meant})`}`
}

const configOption = () => new Option('-c, --config <file>', 'the same (else SMARTEDGE_CONFIG, else the usual places)')

/** A file is named by itself or by `--config`, not by both. */
function withFile<Options extends { readonly config?: string | undefined }>(
  file: string | undefined,
  options: Options,
  command: Command,
): Options {
  if (file === undefined) return options
  if (options.config !== undefined) command.error(`name one configuration: ${file}, or --config ${options.config}`)
  return { ...options, config: file }
}

const quietOption = () => new Option('-q, --quiet', 'warnings and errors only')
const supervisedOption = () =>
  new Option('--supervised', 'in a process of its own, which is started again when it dies').conflicts('top')
const warmUpOption = () =>
  new Option(
    '--warm-up',
    'asks itself for a second before it takes its ports, so that its first clients are served as fast',
  )
const baseOption = () =>
  new Option('--base <folder>', 'where relative paths start, of a configuration from a fleet’s source (else here)')
const jsonEventsOption = () => new Option('--json', 'events as JSON, on a terminal too')

function addServices(program: Command, io: ServiceIo, finish: Finish): void {
  for (const [name, description] of [
    ['run', 'serve the configuration until a signal ends it'],
    ['demo', 'run, with an origin started for each member on this machine'],
  ] as const) {
    const service = program
      .command(name)
      .argument('[file]', 'the configuration')
      .description(description)
      .addOption(configOption())
      .addOption(jsonEventsOption())
      .addOption(quietOption())
      .option('--no-watch', 'saved files wait for a reload')
      .option('--top', 'with the dashboard in this terminal; leaving it ends both')
    if (name === 'run') service.addOption(baseOption()).addOption(supervisedOption()).addOption(warmUpOption())
    service.action(async (file: string | undefined, options: RunOptions, command: Command) => {
      requireBun(name)
      const verb = options.supervised
        ? (await import('../commands/supervise.ts')).runSupervised
        : name === 'run'
          ? (await import('../commands/run.ts')).run
          : (await import('../commands/demo.ts')).demo
      finish(await verb(withColor(io, program), withFile(file, options, command)))
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
      requireBun('origins')
      finish(await (await import('../commands/origins.ts')).origins(io, options))
    })
}

function addClients(program: Command, io: ServiceIo, finish: Finish): void {
  withTargets(program.command('status'))
    .description('show pools and backends of a running SmartEdge')
    .option('--json', 'the whole snapshot as JSON; with --watch one a line')
    .option('-w, --watch', 'again every second')
    .option('--fleet', 'all nodes that follow the source that --config names (else SMARTEDGE_CONFIG)')
    .action(async ({ fleet, ...options }: StatusOptions & { readonly fleet?: true }, command: Command) => {
      if (!fleet) return finish(await (await import('../commands/status.ts')).status(withColor(io, program), options))
      requireBun('status --fleet')
      if (options.url !== undefined) command.error('--fleet asks the source of the fleet: leave --url out')
      finish(await (await import('../commands/status-fleet.ts')).statusFleet(withColor(io, program), options))
    })
  addExplain(program, () => withColor(io, program), finish)
  withTargets(program.command('top'))
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
    .argument('[file]', 'the configuration')
    .description('say everything that is wrong with a configuration, or sum it up')
    .addOption(configOption())
    .option('--json', 'the outcome as JSON')
    .action(async (file: string | undefined, options: ValidateOptions, command: Command) => {
      finish(await (await import('../commands/validate.ts')).validate(io, withFile(file, options, command)))
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
