import { describe, expect, test } from 'bun:test'
import type { JsonSchema } from '../../core/config/read/field.ts'
import { renderReference } from '../../scripts/reference.ts'

const retry: JsonSchema = {
  properties: { attempts: { title: 'whole number, 1 to 10', description: 'How often.', default: 2 } },
}
const url: JsonSchema = { title: 'URL', description: 'Where to, or `a*`.', examples: ['http://a'] }

const schema: JsonSchema = {
  properties: {
    pools: {
      title: 'object',
      description: 'All of them.',
      additionalProperties: {
        title: 'object',
        description: 'One.',
        properties: {
          backends: {
            title: 'list',
            description: 'Who.',
            anyOf: [{ items: { properties: { url }, required: ['url'] } }],
          },
          retry: { title: 'object', description: 'Again.', ...retry },
        },
      },
    },
  },
}

describe('renderReference', () => {
  test('gives every key its line, and every default its reason', () => {
    const reason = 'Enough.'
    const defaults = { 'pool.retry.attempts': { unit: 'count', value: 2, min: 1, max: 10, reason } } as const
    expect(renderReference(schema, defaults).split('\n')).toEqual([
      '- **`pools`** (object): All of them.',
      '- **`pools.*`** (object): One.',
      '- **`pools.*.backends`** (list): Who.',
      '- **`pools.*.backends[].url`** (URL; required): Where to, or `a*`. Example: `"http://a"`.',
      '- **`pools.*.retry`** (object): Again.',
      '- **`pools.*.retry.attempts`** (whole number, 1 to 10; default `2`): How often.\\',
      '  _Why this default:_ Enough.',
    ])
  })

  test('names no example of a choice, whose title lists all', () => {
    const check: JsonSchema = { title: 'one of "a", "b"', description: 'How.', examples: ['a', 'b'], default: 'a' }
    expect(renderReference({ properties: { check } }, {})).toBe('- **`check`** (one of "a", "b"; default `"a"`): How.')
  })

  test('says why there is no default', () => {
    const limits: JsonSchema = { properties: { limit: { title: 'number', description: 'Most.' } } }
    const defaults = { limit: { unit: 'count', value: undefined, min: 1, max: 2, reason: 'Unknown.' } } as const
    expect(renderReference(limits, defaults)).toContain('_Why none:_ Unknown.')
  })

  test('of an empty schema is empty', () => {
    expect(renderReference({}, {})).toBe('')
  })
})
