/** `smartedge explain`: its options, their rules and its one-line purpose. */
import type { Command } from 'commander'
import type { ExplainOptions } from '../commands/explain.ts'
import type { Io } from '../process/io.ts'
import { withTarget } from './control-args.ts'
import { statusClass, wholeDuration, wholeNumber } from './values.ts'

/** `finish` gets the exit code; `ioOf` is asked when it is called. */
export function addExplain(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  withTarget(program.command('explain'))
    .description('say why requests of a running SmartEdge went to the backends that they went to')
    .option('-n, --number <count>', 'how many, the newest', wholeNumber(1, 200), 20)
    .option('--status <status>', 'those answered with it: 502, 5xx, or none for clients that left', statusClass)
    .option('--slower <time>', 'those that took longer: 200ms', wholeDuration)
    .option('--route <route>', 'those of a route, in the words that are shown: /orders/*, or "/orders/* to api"')
    .option('--pool <name>', 'those of a pool')
    .option('--backend <id>', 'those that were given to a backend')
    .option('-f, --follow', 'go on with those that come')
    .option('--json', 'as JSON; with --follow one a line')
    .addHelpText('after', '\nThe configuration says which requests are explained: "explain".')
    .action(async (options: ExplainOptions) => {
      finish(await (await import('../commands/explain.ts')).explain(ioOf(), options))
    })
}
