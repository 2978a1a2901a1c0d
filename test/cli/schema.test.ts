import { describe, expect, test } from 'bun:test'
import { schema } from '../../cli/commands/schema.ts'
import { recordedIo } from '../support/recorded-io.ts'

describe('schema', () => {
  test.each([
    [{}, { anyOf: [{ required: ['pools'] }, { required: ['providers'] }] }, 'SmartEdge configuration'],
    [{ members: true }, { required: ['backends'] }, 'SmartEdge pool members'],
  ])('with %j prints a JSON Schema that demands %j', async (options, demanded, title) => {
    const io = recordedIo('/')
    expect(await schema(io, options)).toBe(0)
    expect(JSON.parse(io.out())).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title,
      ...demanded,
      additionalProperties: false,
    })
    expect(io.err()).toBe('')
  })
})
