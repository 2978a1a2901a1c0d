/** What a wrong command line is told, in our words: the parser's own say "command-argument" and count arguments. */
import type { Command } from 'commander'

/** Every verb below `command`, itself included, says what is wrong in these words, and whose `--help` explains it. */
export function explainUsageErrors(command: Command): void {
  command
    .showHelpAfterError(`(see ${pathOf(command)} --help)`)
    .configureOutput({ outputError: (text, write) => write(`smartedge: ${inOurWords(text.trimEnd(), command)}\n`) })
  for (const verb of command.commands) explainUsageErrors(verb)
}

/** `smartedge backend weight`. */
const pathOf = (command: Command): string => `${command.parent ? `${pathOf(command.parent)} ` : ''}${command.name()}`

type Rewrite = readonly [pattern: RegExp, words: (command: Command, groups: readonly string[]) => string]

const rewrites: readonly Rewrite[] = [
  [
    /^error: option '(\S+, )?(--\S+).*?' argument '(.*)' is invalid\. (.*)$/s,
    (_, [, option, given, rule]) => `${option} ${ruleOf(rule)}, got '${given}'`,
  ],
  [/^error: option '(?:\S+, )?(--\S+) <(.*)>' argument missing$/, (_, [option, name]) => `${option} needs a <${name}>`],
  [
    /^error: command-argument value '(.*)' is invalid for argument '(.*)'\. (.*)$/s,
    (_, [given, name, rule]) => `<${name}> ${ruleOf(rule)}, got '${given}'`,
  ],
  [
    /^error: missing required argument '(.*)'$/,
    (command, [name]) => `<${name}> is missing: ${pathOf(command)} ${argumentsOf(command)}`,
  ],
  [/^error: too many arguments/, tooMuch],
  [
    /^error: unknown command '(.*?)'$/s,
    (command, [name = '']) => `unknown command '${name}' ${instead(command, name)}`,
  ],
]

/** Of a list of choices the parser has words of its own. */
const ruleOf = (rule = ''): string => rule.replace(/^Allowed choices are (.*)\.$/s, 'must be one of $1')

function inOurWords(text: string, command: Command): string {
  for (const [pattern, words] of rewrites) {
    const [found, ...groups] = pattern.exec(text) ?? []
    if (found !== undefined) return words(command, groups)
  }
  return text.replace(/^error: /, '').replace('\n(', ' (')
}

const argumentsOf = ({ registeredArguments }: Command): string =>
  registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)).join(' ')

function tooMuch(command: Command): string {
  const extra = command.args.slice(command.registeredArguments.length)
  const takes = command.registeredArguments.length === 0 ? 'no arguments' : argumentsOf(command)
  return `${pathOf(command).replace(/^smartedge /, '')} takes ${takes}; '${extra.join(' ')}' is too much`
}

/** What other programs call these. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ['create', 'new'],
  ['del', 'remove'],
  ['delete', 'remove'],
  ['disable', 'drain'],
  ['enable', 'resume'],
  ['ls', 'list'],
  ['rm', 'remove'],
  ['serve', 'run'],
  ['set', 'use'],
  ['start', 'run'],
  ['test', 'validate'],
  ['undrain', 'resume'],
])

/** For a name that resembles none: the parser itself suggests those that are alike. */
function instead(command: Command, name: string): string {
  const known = command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name())
  const meant = synonyms.get(name)
  return meant !== undefined && known.includes(meant) ? `(Did you mean ${meant}?)` : `(known: ${known.join(', ')})`
}
