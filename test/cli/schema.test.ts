import { describe, expect, test } from 'bun:test'
import { schema } from '../../cli/commands/schema.ts'
import { recordedIo } from '../support/recorded-io.ts'

describe('schema', () => {
  test.each([
    [{}, 'pools', 'SmartEdge configuration'],
    [{ members: true }, 'backends', 'SmartEdge pool members'],
  ])('with %j prints a JSON Schema that demands %p', async (options, key, title) => {
    const io = recordedIo('/')
    expect(await schema(io, options)).toBe(0)
    expect(JSON.parse(io.out())).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title,
      required: [key],
      additionalProperties: false,
    })
    expect(io.err()).toBe('')
  })
})
