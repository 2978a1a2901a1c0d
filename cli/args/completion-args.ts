/** The verbs by which shells complete: one for people, and the hidden one that their shells call. */
import { Argument, type Command } from 'commander'
import { type Shell, shells } from '../completion/scripts.ts'
import type { Io } from '../process/io.ts'

const explanation = `
bash: source <(smartedge completions bash)                  in ~/.bashrc
zsh:  source <(smartedge completions zsh)                   in ~/.zshrc, behind compinit
fish: smartedge completions fish > ~/.config/fish/completions/smartedge.fish
`

/** `finish` gets the exit code; `ioOf` is asked when a verb is called. */
export function addCompletions(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  program
    .command('completions')
    .addArgument(new Argument('<shell>', 'whose').choices(shells))
    .description('print what a shell needs to complete commands, options and names of what runs')
    .addHelpText('after', explanation)
    .action(async (shell: Shell) => {
      finish((await import('../commands/completions.ts')).completions(ioOf(), shell))
    })
  program
    .command('complete', { hidden: true })
    .argument('[words...]', 'behind the program’s name, the one under the cursor last')
    .description('print what may stand where the cursor is')
    .action(async (words: readonly string[]) => {
      finish(await (await import('../commands/complete.ts')).complete(ioOf(), program, words))
    })
}
