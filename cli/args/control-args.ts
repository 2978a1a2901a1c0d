/** The verbs that change a running edge: their arguments, options and one-line purposes. */
import type { Command } from 'commander'
import type { BackendOptions, BackendVerb, MemberFacts } from '../commands/backend.ts'
import type { ReloadOptions } from '../commands/reload.ts'
import type { Io } from '../process/io.ts'
import { backendTier, backendWeight, gathered, onlyOne } from './values.ts'

const ofConfig = [
  '-c, --config <file>',
  'its configuration, which says where its admin API is (else the usual places)',
] as const
const ofUrl = 'its admin API: host:port, a URL, or unix:/path (else SMARTEDGE_ADMIN_URL)'
const ofToken = [
  '--token <token>',
  'its admin.token, seen by others here (else SMARTEDGE_ADMIN_TOKEN, else the configuration’s)',
] as const

/** A client command's options that say whom it speaks to. */
export const withTarget = (command: Command): Command =>
  command
    .option(...ofConfig)
    .option('--url <url>', ofUrl, onlyOne)
    .option(...ofToken)

/** The same of one that may speak to several. */
export const withTargets = (command: Command): Command =>
  command
    .option(...ofConfig)
    .option('--url <url>', `${ofUrl}; again for each of several`, gathered)
    .option(...ofToken)

/** `finish` gets a verb's exit code; `ioOf` is asked when a verb is called. */
export function addControl(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  withTarget(program.command('reload'))
    .description('load the files of a running SmartEdge again')
    .option('--plan', 'say what would change and what that would end, and change nothing')
    .option('--rollback', 'go back to the generation before; the files stay as they are')
    .option('--json', 'the outcome as JSON')
    .action(async (options: ReloadOptions) => {
      finish(await (await import('../commands/reload.ts')).reload(ioOf(), options))
    })
  addBackend(program, async (verb, options) => {
    finish(await (await import('../commands/backend.ts')).backend(ioOf(), verb, options))
  })
}

function addBackend(program: Command, run: (verb: BackendVerb, options: BackendOptions) => Promise<void>): void {
  const backend = program
    .command('backend')
    .description('list and change the members of a running SmartEdge’s pools')
    .helpCommand(false)
    .addHelpText('after', '\nAn <id> is host:port or a URL, as "backend list" and the files have them.')
  const verb = (name: string, description: string): Command =>
    withTarget(backend.command(name))
      .description(description)
      .option('--pool <name>', 'the pool; needed when several come into question')
      .option('--json', 'the outcome as JSON')
  verb('list', 'show them').action((options: BackendOptions) => run({ kind: 'list' }, options))
  verb('add <url>', 'add one: http://host:port, https://host:port or unix:/path')
    .option('--weight <number>', 'its share', backendWeight)
    .option('--tier <number>', '1 for a backup of tier 0, and so on', backendTier)
    .option('--zone <name>', 'its zone')
    .action((url: string, { weight, tier, zone, ...options }: BackendOptions & MemberFacts) =>
      run({ kind: 'add', url, facts: { weight, tier, zone } }, options),
    )
  for (const [kind, description] of [
    ['resume', 'give a draining one requests again'],
    ['check', 'check the health of one now, and tell the result'],
  ] as const)
    verb(`${kind} <id>`, description).action((id: string, options: BackendOptions) => run({ kind, id }, options))
  for (const [kind, description] of [
    ['remove', 'remove one; what it has begun may end within drainTimeout'],
    ['drain', 'give one no new requests, and let it finish'],
  ] as const)
    verb(`${kind} <id>`, description)
      .option('-y, --yes', 'without asking, also when it is the last usable one')
      .action((id: string, options: BackendOptions) => run({ kind, id }, options))
  verb('weight <id>', 'set its share')
    .argument('<number>', 'such as 2 or 0.5', backendWeight)
    .action((id: string, weight: number, options: BackendOptions) => run({ kind: 'weight', id, weight }, options))
}
