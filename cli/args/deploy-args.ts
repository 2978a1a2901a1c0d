/** The verbs that replace members of a running pool: their arguments, options and one-line purposes. */
import { type Command, InvalidArgumentError } from 'commander'
import { readCriteria } from '../../core/deploy/criteria.ts'
import { readSpan, spanRule } from '../../core/deploy/span.ts'
import { lifetimeRule, readLifetime } from '../../core/preview/lifetime.ts'
import type { DeployOptions, FollowOptions } from '../commands/deploy.ts'
import type { PreviewOptions, PreviewVerb } from '../commands/preview.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { withTarget } from './control-args.ts'
import { wholeNumber } from './values.ts'

/** `finish` gets a verb's exit code; `ioOf` is asked when a verb is called. */
export function addDeploy(program: Command, ioOf: () => ServiceIo, finish: (code: number) => void): void {
  withTarget(program.command('deploy <pool> [url...]'))
    .description('put new members in place of a pool’s, once they are healthy')
    .option('--timeout <time>', 'how long to wait until they are healthy (else 1m)', span)
    .option('--canary <share>', 'try them out first with this share of the requests, such as 5%', share)
    .option('--for <time>', 'how long to try them out (else 5m)', span)
    .option('--promote-if <criteria>', 'what is to hold then (else errors<1%,p99<1.2x)', criteria)
    .option('--min-requests <count>', 'fewer are too few to judge by (else 100)', wholeNumber(1, 1_000_000))
    .option('--status', 'say how the pool’s newest deploy goes, or went')
    .option('--abort', 'end the one under way; the old members serve as before')
    .option('--json', 'how it goes as JSON, a line each')
    .addHelpText('after', deployHelp)
    .action(async (pool: string, urls: readonly string[], options: DeployOptions, command: Command) => {
      const fault = faultOf(urls, options)
      if (fault !== undefined) command.error(`error: ${fault}`)
      finish(await (await import('../commands/deploy.ts')).deploy(ioOf(), { pool, urls }, options))
    })
  withTarget(program.command('rollback <pool>'))
    .description('bring back the members that a pool’s last deploy replaced')
    .option('--timeout <time>', 'how long to wait until they are healthy (else 1m)', span)
    .option('--json', 'how it goes as JSON, a line each')
    .action(async (pool: string, options: FollowOptions) => {
      finish(await (await import('../commands/deploy.ts')).rollback(ioOf(), pool, options))
    })
  addPreview(program, ioOf, finish)
}

function addPreview(program: Command, ioOf: () => ServiceIo, finish: (code: number) => void): void {
  const preview = program
    .command('preview')
    .description('serve hosts of a running SmartEdge for a while, by a backend each')
    .helpCommand(false)
  const run = async (verb: PreviewVerb, options: PreviewOptions): Promise<void> =>
    finish(await (await import('../commands/preview.ts')).preview(ioOf(), verb, options))
  const verb = (name: string, description: string): Command =>
    withTarget(preview.command(name)).description(description).option('--json', 'the outcome as JSON')
  verb('list', 'show them').action((options: PreviewOptions) => run({ kind: 'list' }, options))
  verb(
    'add <host> <url>',
    'serve a host such as pr-123.example.org by http://host:port, https://host:port or unix:/path',
  )
    .requiredOption('--for <time>', 'how long, 1m to 30d: 2d, 12h', lifetime)
    .action((host: string, url: string, { for: time, ...options }: PreviewOptions & { for: string }) =>
      run({ kind: 'add', host, url, time }, options),
    )
  verb('remove <host>', 'end one').action((host: string, options: PreviewOptions) =>
    run({ kind: 'remove', host }, options),
  )
}

const deployHelp = `
The <url>s are all members that are to serve: those that are in the pool already stay.
Until they have taken over, Ctrl-C and every failure leave the pool as it was, and exit non-zero.
A deploy whose command was killed goes on: see --status and --abort.`

/** What one of them asks for the others do not go with. */
function faultOf(urls: readonly string[], options: DeployOptions): string | undefined {
  const { status, abort, canary, for: time, promoteIf, minRequests, timeout } = options
  const asks = status === true || abort === true
  const isOrder = urls.length > 0 || [canary, time, promoteIf, minRequests, timeout].some((one) => one !== undefined)
  if (status === true && abort === true) return 'name one of --status and --abort'
  if (asks) return isOrder ? '--status and --abort take the pool alone' : undefined
  if (urls.length === 0) return 'name the new members, such as http://10.0.0.7:8080'
  const isCanary = [time, promoteIf, minRequests].some((one) => one !== undefined)
  return isCanary && canary === undefined ? '--for, --promote-if and --min-requests need --canary' : undefined
}

/** `5%`, or 0.05. */
function share(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,3}(?:\.\d{1,3})?)(%?)$/.exec(text) ?? []
  const ratio = digits === '' ? Number.NaN : Number(digits) / (unit === '%' ? 100 : 1)
  if (ratio >= 0.001 && ratio <= 0.9) return ratio
  throw new InvalidArgumentError('must be a share from 0.1% to 90%, such as 5%')
}

/** As `fits` reads it, the edge will: what it takes goes there as it was written. */
const asWritten =
  (rule: string, fits: (text: string) => unknown) =>
  (text: string): string => {
    if (fits(text) !== undefined) return text
    throw new InvalidArgumentError(rule)
  }

const span = asWritten(spanRule, readSpan)
const lifetime = asWritten(lifetimeRule, readLifetime)

function criteria(text: string): string {
  const read = readCriteria(text)
  if (read.kind === 'criteria') return text
  throw new InvalidArgumentError(read.rule)
}
