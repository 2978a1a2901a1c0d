import { describe, expect, test } from 'bun:test'
import { configSchema, membersSchema } from '../../../core/config/schema.ts'
import { createProblemList, formatProblem } from '../../../core/config/problems.ts'
import { either, list, object, record, section } from '../../../core/config/read/containers.ts'
import type { Field, JsonSchema } from '../../../core/config/read/field.ts'
import { located, orElse, required } from '../../../core/config/read/field.ts'
import { createReading } from '../../../core/config/read/reading.ts'
import { text } from '../../../core/config/read/scalars.ts'
import { readTree } from '../../../core/config/read/tree.ts'
import { differences } from '../../../core/control/differences.ts'
import { hideSecrets, Secret, soundsSecret } from '../../../core/secrets.ts'

const hidden = 'hunter2 hunter2'

/** As somebody would add it: nothing but the mark says that it is secret, not even its name. */
const phrase = text({
  title: 'text',
  description: 'Opens the private key.',
  rule: 'must be at most 20 characters',
  isSecret: true,
  parse: (value) => (value.length <= 20 ? { kind: 'value', value } : { kind: 'fault', hint: `not ${value}` }),
})
const about = { description: 'A certificate.' }

/** What a field makes of a value, and what is said against it. */
function read<T>(field: Field<T>, value: unknown, env = {}): { readonly value: T; readonly problems: string } {
  const source = JSON.stringify(value)
  const problems = createProblemList()
  const nothing = { attachments: new Map<string, never>(), needs: new Map<string, never>() }
  const session = { cwd: '/', env, problems, warnings: createProblemList(), ...nothing }
  const result = field.read(readTree(source).root, createReading('/edge.json', source, session))
  return { value: result, problems: problems.sorted().map(formatProblem).join('\n') }
}

describe('a field that is marked secret', () => {
  test('reads as a secret, which answers and logs show as ***', () => {
    const { value } = read(object({ phrase }, about), { phrase: hidden })
    expect(value?.phrase).toBeInstanceOf(Secret)
    expect(value?.phrase?.reveal()).toBe(hidden)
    expect([JSON.stringify(value), hideSecrets(value)]).toEqual(['{"phrase":"***"}', { phrase: '***' }])
  })

  test('shows in no difference between two configs, but differs', () => {
    const [old, next] = ['a', hidden].map((one) => read(object({ phrase }, about), { phrase: one }).value)
    const texts = (from: unknown, to: unknown) => differences('tls', from, to).map((difference) => difference.text)
    expect(texts(old, next)).toEqual(['phrase changed'])
    expect(texts(old, old)).toEqual([])
    expect(texts({}, next)).toEqual(['phrase added'])
    expect(texts(next, { phrase: undefined })).toEqual(['phrase removed'])
  })

  const holders: readonly (readonly [string, Field<unknown>])[] = [
    ['an object', object({ phrase }, about)],
    ['a section', section({ phrase }, about)],
    ['an object in an object', object({ tls: object({ phrase }, about) }, about)],
    ['a list', list(phrase, about)],
    ['a record', record(phrase, { ...about, nameRule: 'must be a name', namePattern: /^\w+$/ })],
    ['alternatives', either({ object: object({ phrase }, about) }, { ...about, title: 'object', rule: 'must be one' })],
    ['a default', object({ tls: orElse(object({ phrase }, about), undefined) }, about)],
    ['what keeps its place', object({ phrase: required(located(phrase)) }, about)],
  ]
  test.each(holders)('hides what stands in its place and in that of %s around it', (_name, holder) => {
    let wrong = 0
    const values = [hidden, [hidden], { phrase: [hidden] }, { phrase: `${hidden} and far too long` }, { tls: hidden }]
    for (const value of [...values, { phrase: `${hidden}\${MISSING}` }, { phrase: '${LONG}' }]) {
      const { problems } = read(holder, value, { LONG: `${hidden} and far too long` })
      expect(problems).not.toContain('hunter2')
      wrong += problems === '' ? 0 : 1
    }
    expect(wrong).toBeGreaterThanOrEqual(4)
  })
})

describe('the config', () => {
  test('marks every key that sounds secret', () => {
    const unmarked = [...leaves('', configSchema), ...leaves('', membersSchema)].filter(
      ([key, schema]) =>
        soundsSecret(key.split('.').at(-1) ?? '') && schema.type !== 'boolean' && schema.writeOnly !== true,
    )
    expect(unmarked.map(([key]) => key)).toEqual([])
    expect(leaves('', configSchema).filter(([, schema]) => schema.writeOnly)).toHaveLength(16)
  })
})

/** Every schema without others below it, by its keys. */
function leaves(key: string, schema: JsonSchema): [key: string, schema: JsonSchema][] {
  const { properties = {}, anyOf = [], items, additionalProperties } = schema
  const below = [
    ...Object.entries(properties).map(([name, child]) => [`${key}.${name}`, child] as const),
    ...anyOf.map((child) => [key, child] as const),
    ...(items ? [[key, items] as const] : []),
    ...(additionalProperties ? [[`${key}.*`, additionalProperties] as const] : []),
  ]
  return below.length === 0 ? [[key, schema]] : below.flatMap(([name, child]) => leaves(name, child))
}
