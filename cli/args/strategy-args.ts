/** The verbs of `smartedge strategy`: their arguments, options and one-line purposes. */
import type { Command } from 'commander'
import type { StrategyListOptions } from '../commands/strategy-list.ts'
import type { StrategyTestOptions } from '../commands/strategy-test.ts'
import type { StrategyUseOptions } from '../commands/strategy-use.ts'
import { withTarget } from './control-args.ts'
import type { Io } from '../process/io.ts'
import { requireBun } from './runtime.ts'
import { json } from './values.ts'

/** `finish` gets a verb's exit code; `ioOf` is asked when a verb is called. */
export function addStrategy(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  const strategy = program
    .command('strategy')
    .description('write, list and test balancing strategies')
    .helpCommand(false)
  strategy
    .command('new <name|file>')
    .description('write a strategy to start from: plugins/<name>.ts, or the file')
    .action(async (target: string) => {
      finish(await (await import('../commands/strategy-new.ts')).strategyNew(ioOf(), target))
    })
  strategy
    .command('list')
    .description('the shipped strategies, and those of the configuration, with their files')
    .option('-c, --config <file>', 'the configuration (else SMARTEDGE_CONFIG, else the usual places)')
    .option('--json', 'as JSON')
    .action(async (options: StrategyListOptions) => {
      finish(await (await import('../commands/strategy-list.ts')).strategyList(ioOf(), options))
    })
  strategy
    .command('test <file>')
    .description('run the shared checks on a strategy file, or a shipped strategy by its name')
    .option('--options <json>', 'the options it gets, such as \'{ "decay": "10s" }\'', json)
    .option('--skip <words...>', 'checks that do not apply, by words of their names, such as weight')
    .option('--json', 'the outcome as JSON')
    .action(async (file: string, options: StrategyTestOptions) => {
      requireBun('strategy test')
      finish(await (await import('../commands/strategy-test.ts')).strategyTest(ioOf(), file, options))
    })
  withTarget(strategy.command('use <pool> <strategy>'))
    .description('switch a pool of a running SmartEdge to another strategy, by name or file')
    .option('--options <json>', 'the options it gets, such as \'{ "decay": "10s" }\'', json)
    .option('--json', 'the outcome as JSON')
    .action(async (pool: string, use: string, options: StrategyUseOptions) => {
      finish(await (await import('../commands/strategy-use.ts')).strategyUse(ioOf(), pool, use, options))
    })
}
