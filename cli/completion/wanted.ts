/**
 * What may stand where the cursor is, from the commands and the words typed so far: names, options and choices at once,
 * and for the rest who knows them. Pure.
 */
import type { Argument, Command, Option } from 'commander'
import { gathered } from '../args/values.ts'

export interface Candidate {
  readonly value: string
  /** For shells that show it. */
  readonly about: string
}

/** Who knows values that the command line itself does not. */
export type Source =
  | 'files'
  | 'folders'
  | 'strategies'
  | 'scenarios'
  | 'commands'
  | 'pools'
  | 'backends'
  | 'clients'
  | 'plans'
  | 'certificates'
  | 'previews'

export interface Wanted {
  /** The part of the last word that is completed, and what of the word stands before it: `--pool=`. */
  readonly typed: string
  readonly before: string
  readonly choices: readonly Candidate[]
  readonly source: Source | undefined
  /** Of whom a running SmartEdge would be asked, as typed so far. */
  readonly target: { readonly url?: string; readonly config?: string; readonly token?: string }
}

/** By the name of the argument, behind its command where several commands mean different things by it. */
const ofArguments: Readonly<Record<string, Source>> = {
  file: 'files',
  directory: 'folders',
  'strategy test file': 'strategies',
  strategy: 'strategies',
  scenario: 'scenarios',
  command: 'commands',
  pool: 'pools',
  'backend id': 'backends',
  'client id': 'clients',
  'plan name': 'plans',
  'cert show name': 'certificates',
  'cert renew name': 'certificates',
  'cert import certificate': 'files',
  'cert import key': 'files',
  'preview remove host': 'previews',
}

/** Options whose values nobody can list are in neither table. */
const ofOptions: Readonly<Record<string, Source>> = {
  '--config': 'files',
  '--base': 'folders',
  '--plugin': 'files',
  '--html': 'files',
  '--markdown': 'files',
  '--pool': 'pools',
  '--backend': 'backends',
  '--plan': 'plans',
}

/** `words`: all behind the program's name, the one under the cursor last, empty where nothing has been typed of it. */
export function wantedOf(program: Command, words: readonly string[]): Wanted {
  const typed = words.at(-1) ?? ''
  const line = readLine(program, words.slice(0, -1))
  const { command, awaiting, target } = line
  const base = { typed, before: '', target, choices: [], source: undefined }
  if (awaiting !== undefined) return { ...base, ...valuesOf(awaiting) }
  const [flag = '', value] = splitOnce(typed, '=')
  const assigned = value === undefined || line.hasOnlyArguments ? undefined : optionOf(command, flag)
  if (assigned !== undefined) return { ...base, typed: value ?? '', before: `${flag}=`, ...valuesOf(assigned) }
  const options = line.hasOnlyArguments ? [] : optionsOf(line)
  if (typed.startsWith('-') && !line.hasOnlyArguments) return { ...base, choices: options }
  const argument = argumentAt(command, line.count)
  if (argument !== undefined) return { ...base, ...valuesAt(command, argument) }
  if (command.commands.length === 0) return { ...base, choices: options }
  // Behind a verb that there is not comes nothing.
  return { ...base, choices: line.count === 0 ? verbsOf(command) : [] }
}

interface ReadLine {
  readonly command: Command
  /** Arguments of the command so far. */
  readonly count: number
  /** Behind `--`. */
  readonly hasOnlyArguments: boolean
  /** The option whose value comes next. */
  readonly awaiting: Option | undefined
  readonly used: ReadonlySet<string>
  readonly target: Wanted['target']
}

function readLine(program: Command, words: readonly string[]): ReadLine {
  const empty = { count: 0, hasOnlyArguments: false, awaiting: undefined, used: new Set<string>(), target: {} }
  return words.reduce(readWord, { command: program, ...empty })
}

function readWord(line: ReadLine, word: string): ReadLine {
  const { command, awaiting } = line
  if (awaiting !== undefined) return { ...line, awaiting: undefined, target: withValue(line.target, awaiting, word) }
  if (line.hasOnlyArguments || !word.startsWith('-') || word === '-') return readArgument(line, word)
  if (word === '--') return { ...line, hasOnlyArguments: true }
  const [flag = '', value] = splitOnce(word, '=')
  const option = optionOf(command, flag)
  if (option === undefined) return line
  const used = new Set([...line.used, option.attributeName()])
  if (value !== undefined) return { ...line, used, target: withValue(line.target, option, value) }
  return { ...line, used, awaiting: option.required ? option : undefined }
}

function readArgument(line: ReadLine, word: string): ReadLine {
  const verb = line.count === 0 ? line.command.commands.find((one) => one.name() === word) : undefined
  return verb === undefined ? { ...line, count: line.count + 1 } : { ...line, command: verb, used: new Set() }
}

function withValue(target: Wanted['target'], option: Option, value: string): Wanted['target'] {
  const name = option.attributeName()
  return name === 'url' || name === 'config' || name === 'token' ? { ...target, [name]: value } : target
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

const optionOf = ({ options }: Command, flag: string): Option | undefined =>
  options.find(({ long, short }) => flag === long || flag === short)

const valuesOf = ({ argChoices = [], long }: Option): Pick<Wanted, 'choices' | 'source'> => ({
  choices: argChoices.map((value) => ({ value, about: '' })),
  source: ofOptions[long ?? ''],
})

function valuesAt(command: Command, argument: Argument): Pick<Wanted, 'choices' | 'source'> {
  const name = argument.name()
  const path = pathOf(command)
  const names = [`${path.join(' ')} ${name}`, `${path[0] ?? ''} ${name}`, name]
  const found = names.find((one) => Object.hasOwn(ofArguments, one))
  const choices = (argument.argChoices ?? []).map((value) => ({ value, about: '' }))
  return { choices, source: found === undefined ? undefined : ofArguments[found] }
}

/** `['backend', 'drain']`. */
export const pathOf = (command: Command): readonly string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()]

function argumentAt({ registeredArguments, commands }: Command, index: number): Argument | undefined {
  if (commands.length > 0) return undefined
  const last = registeredArguments.at(-1)
  return registeredArguments[index] ?? (last?.variadic ? last : undefined)
}

const verbsOf = (command: Command): readonly Candidate[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((verb) => ({ value: verb.name(), about: verb.description() }))

/** By their long names; those that have been given stay away unless they may come again. */
const optionsOf = ({ command, used }: ReadLine): readonly Candidate[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.variadic || isRepeatable(option) || !used.has(option.attributeName()))
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', about: description }))

/** `--url` of `top` and `status`, which gather what they are given. */
const isRepeatable = ({ parseArg }: Option): boolean => parseArg === gathered
