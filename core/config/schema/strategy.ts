/** A pool's `strategy` and `affinity`: which algorithm, and the key it may hash. Loading a plugin is not done here. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { Affinity } from '../../pool/policy.ts'
import type { StrategyConfig } from '../config.ts'
import { isShipped, keyedStrategies, shippedStrategies } from '../../strategy/shipped.ts'
import { defaults } from '../defaults.ts'
import { anything } from '../read/anything.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, type Located, located, orElse, required } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { type Parsed, text } from '../read/scalars.ts'
import { didYouMean } from '../../suggest.ts'
import { findFile } from './file.ts'
import { isToken } from './names.ts'

const listed = shippedStrategies.join(', ')

const use = text({
  title: 'strategy name or path',
  description: `A shipped strategy (${listed}) or the path of your own TypeScript file.`,
  examples: [...shippedStrategies, './plugins/mine.ts'],
  rule: `must be one of ${listed}, or a path such as "./plugins/mine.ts"`,
  pattern: `^(${shippedStrategies.join('|')})$|^\\.{0,2}/`,
  parse: parseUse,
})

function parseUse(written: string, reading: Reading): Parsed<string> {
  if (isShipped(written)) return { kind: 'value', value: written }
  if (/^\.{0,2}\//.test(written) && !written.includes('\0')) return findFile(written, reading)
  const isBarePath = written.includes('/') || /\.[cm]?[jt]s$/.test(written)
  return { kind: 'fault', hint: isBarePath ? `did you mean "./${written}"?` : didYouMean(written, shippedStrategies) }
}

const withOptions = object(
  { use: required(use), options: anything({ description: 'Handed to the strategy, which checks them.' }) },
  { description: 'A strategy and its options.', examples: [{ use: 'consistent-hash', options: {} }] },
)

/** A pool's `strategy`. */
export const strategy: Field<StrategyConfig> = orElse(
  either<StrategyConfig>(
    {
      string: convert(use, (name): StrategyConfig => ({ use: name, options: undefined })),
      object: convert(withOptions, ({ use: name, options }) =>
        name === undefined ? undefined : { use: name, options },
      ),
    },
    {
      title: 'strategy, or { "use": …, "options": … }',
      description: 'How a backend is chosen for each request.',
      examples: ['peak-ewma', './plugins/mine.ts'],
      rule: `must be one of ${listed}, a path, or { "use": …, "options": … }`,
    },
  ),
  { use: defaults['pool.strategy'].value, options: undefined },
  defaults['pool.strategy'].value,
)

const affinityKey = text({
  title: 'client, path, header:name, cookie:name or query:name',
  description: 'What a hashing strategy takes as the request’s key.',
  examples: ['client', 'cookie:session', 'header:x-user', 'query:id', 'path'],
  rule: 'must be "client", "path", "header:name", "cookie:name" or "query:name"',
  pattern: '^(client|path|(header|cookie|query):.+)$',
  parse: parseAffinity,
})

/** A pool's `affinity`, in order. */
export const affinity: Field<readonly Affinity[]> = orElse(
  either<readonly Affinity[]>(
    {
      string: convert(affinityKey, (key) => [key]),
      array: convert(
        list(located(affinityKey), {
          description: 'The first that the request has is its key.',
          ifEmpty: 'must not be empty',
        }),
        (keys, _node, reading) => {
          reportUnreached(keys, reading)
          warnOfRepeated(keys, reading)
          return keys.map(({ value }) => value)
        },
      ),
    },
    {
      title: 'key, or list of keys',
      description: 'What a hashing strategy takes as the request’s key; of a list the first that the request has.',
      examples: ['cookie:session', ['cookie:session', 'header:x-user', 'client']],
      rule: 'must be "client", "path", "header:name", "cookie:name" or "query:name", or a list of these',
    },
  ),
  [{ kind: 'client' }],
  defaults['pool.affinity'].value,
)

/** Every request has an address and a path. */
function reportUnreached(keys: readonly Located<Affinity>[], reading: Reading): void {
  const always = keys.findIndex(({ value: { kind } }) => kind === 'client' || kind === 'path')
  const behind = always < 0 ? undefined : keys[always + 1]
  if (behind !== undefined)
    reading.report(behind.node, {
      rule: `must not stand behind "${keys[always]?.value.kind}", which every request has`,
    })
}

function warnOfRepeated(keys: readonly Located<Affinity>[], reading: Reading): void {
  const seen = new Set<string>()
  for (const { value, node } of keys) {
    const text = JSON.stringify(value)
    if (seen.has(text)) reading.warn(node, { rule: 'does nothing: the same stands before it' })
    seen.add(text)
  }
}

/** `node`: of the pool. A strategy of the user's own may read the key. */
export function warnOfIdleAffinity(node: Node | undefined, { use }: StrategyConfig, reading: Reading): void {
  const written = node && findNodeAtLocation(node, ['affinity'])
  const isKeyless = isShipped(use) && !keyedStrategies.includes(use)
  if (written === undefined || !isKeyless) return
  const hint = `${keyedStrategies.join(', ')} does, and strategies of your own may`
  reading.warn(written, { rule: `does nothing: ${use} reads no key`, hint })
}

function parseAffinity(written: string): Parsed<Affinity> {
  if (written === 'client' || written === 'path') return { kind: 'value', value: { kind: written } }
  const [, kind, name = ''] = /^(header|cookie|query):(.+)$/.exec(written) ?? []
  if (kind === 'header' && isToken(name)) return { kind: 'value', value: { kind, name: name.toLowerCase() } }
  if (kind === 'cookie' && isToken(name)) return { kind: 'value', value: { kind, name } }
  if (kind === 'query' && /^[!-~]{1,128}$/.test(name) && !/[&=#]/.test(name))
    return { kind: 'value', value: { kind, name } }
  return { kind: 'fault', hint: didYouMean(written, ['client', 'path']) }
}
