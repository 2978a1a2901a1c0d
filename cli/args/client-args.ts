/** The verbs of `smartedge client` and `smartedge plan`: their arguments, options and one-line purposes. */
import { type Command, Option } from 'commander'
import type { ClientFacts, ClientOptions, ListOptions, RemoveOptions, SetOptions } from '../commands/client.ts'
import type { ExportOptions } from '../commands/client-export.ts'
import type { ImportOptions } from '../commands/client-import.ts'
import type { Io } from '../process/io.ts'
import { withTarget } from './control-args.ts'
import { count, instant } from './values.ts'

/** `finish` gets a verb's exit code; `ioOf` is asked when a verb is called. */
export function addClient(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  const client = program
    .command('client')
    .description('list and change the clients of a running SmartEdge’s database')
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nWhat is changed here is in force at once. The configuration names the database: "clients".',
    )
  const verb = (name: string, description: string): Command => withTarget(client.command(name)).description(description)
  const load = () => import('../commands/client.ts')

  withJson(verb('list', 'show them'))
    .option('--plan <name>', 'those of a plan')
    .option('--search <text>', 'those with this in the id, the name or the note')
    .addOption(new Option('--enabled', 'those whose key counts').conflicts('disabled'))
    .option('--disabled', 'those whose key does not')
    .option('--limit <count>', 'so many at most (else all)', count)
    .action(async (options: ListOptions) => finish(await (await load()).clientList(ioOf(), options)))
  withJson(withFacts(verb('add <name>', 'add one; its key is shown this once')))
    .option('--id <id>', 'what it is called in paths and reports (else one is made)')
    .option('--disable', 'its key does not count yet')
    .action(async (name: string, { id, ...given }: Given) => {
      const { facts, options } = split(given)
      finish(await (await load()).clientAdd(ioOf(), { ...facts, id, name }, options))
    })
  withJson(verb('show <id>', 'show all of one')).action(async (id: string, options: ClientOptions) =>
    finish(await (await load()).clientShow(ioOf(), id, options)),
  )
  withJson(withAbsences(withFacts(verb('set <id>', 'change one'))))
    .option('--name <text>', 'its name')
    .addOption(new Option('--enable', 'its key counts').conflicts('disable'))
    .option('--disable', 'its key does not count')
    .option('--new-key', 'a new key, shown this once; the one before counts no more')
    .action(async (id: string, given: Given) => {
      const { facts, options } = split(given)
      finish(await (await load()).clientSet(ioOf(), id, facts, options))
    })
  withJson(verb('remove <id>', 'remove one, and its key'))
    .option('-y, --yes', 'without asking')
    .action(async (id: string, options: RemoveOptions) =>
      finish(await (await load()).clientRemove(ioOf(), id, options)),
    )
  addFiles(verb, ioOf, finish)
}

function addFiles(
  verb: (name: string, description: string) => Command,
  ioOf: () => Io,
  finish: (code: number) => void,
): void {
  const format = (description: string): Option => new Option('--format <format>', description).choices(['jsonl', 'csv'])
  withJson(verb('import <file>', 'add those of a file, all or none; - for standard input'))
    .addOption(format('JSON lines or CSV (else by the file’s ending)'))
    .option('--replace', 'those that there are already become those of the file')
    .action(async (file: string, options: ImportOptions) => {
      finish(await (await import('../commands/client-import.ts')).clientImport(ioOf(), file, options))
    })
  verb('export', 'write all to standard output, with hashes of their keys, never a key')
    .addOption(format('JSON lines or CSV (else JSON lines)'))
    .action(async (options: ExportOptions) => {
      finish(await (await import('../commands/client-export.ts')).clientExport(ioOf(), options))
    })
}

/** As `addClient`. */
export function addPlan(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  const plan = program
    .command('plan')
    .description('list and change the plans whose limits clients have in common')
    .helpCommand(false)
  const verb = (name: string, description: string): Command =>
    withJson(withTarget(plan.command(name)).description(description))
  const load = () => import('../commands/plan.ts')
  verb('list', 'show them').action(async (options: ClientOptions) =>
    finish(await (await load()).planList(ioOf(), options)),
  )
  verb('set <name>', 'add one, or change its limits, for all clients that have none of their own')
    .option('--rate <rate>', 'such as 100/s, 1000/m')
    .option('--no-rate', 'none: what the route grants everybody')
    .option('--burst <count>', 'how many requests at once', count)
    .option('--no-burst', 'what the rate grants in a second')
    .action(async (name: string, { rate, burst, ...options }: Given) =>
      finish(await (await load()).planSet(ioOf(), name, { rate: orNull(rate), burst: orNull(burst) }, options)),
    )
  verb('remove <name>', 'remove one that no client has').action(async (name: string, options: ClientOptions) =>
    finish(await (await load()).planRemove(ioOf(), name, options)),
  )
}

const withJson = (command: Command): Command => command.option('--json', 'the outcome as JSON')

const withFacts = (command: Command): Command =>
  command
    .option('--plan <name>', 'the plan whose limits it has')
    .option('--rate <rate>', 'a limit of its own, such as 100/s, 1000/m')
    .option('--burst <count>', 'how many requests at once', count)
    .option('--note <text>', 'for people')
    .option('--valid-until <time>', 'when its key ends: 2030-01-01, or 2030-01-01T12:00:00Z', instant)

const withAbsences = (command: Command): Command =>
  command
    .option('--no-plan', 'of no plan')
    .option('--no-rate', 'no rate of its own')
    .option('--no-burst', 'no burst of its own')
    .option('--no-valid-until', 'for good')

/** As the parser has them: false for what is taken away. */
interface Given extends SetOptions {
  readonly id?: string
  readonly name?: string
  readonly plan?: string | false
  readonly rate?: string | false
  readonly burst?: number | false
  readonly note?: string
  readonly validUntil?: string | false
  readonly enable?: boolean
  readonly disable?: boolean
}

function split(given: Given): { readonly facts: ClientFacts; readonly options: SetOptions } {
  const { id: _id, name, plan, rate, burst, note, validUntil, enable, disable, ...options } = given
  const enabled = enable === true ? true : disable === true ? false : undefined
  const facts = {
    name,
    plan: orNull(plan),
    rate: orNull(rate),
    burst: orNull(burst),
    note,
    enabled,
    validUntil: orNull(validUntil),
  }
  return { facts, options }
}

const orNull = <T>(value: T | false | undefined): T | null | undefined => (value === false ? null : value)
