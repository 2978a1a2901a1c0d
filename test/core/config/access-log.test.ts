import { describe, expect, test } from 'bun:test'
import { defaultFields } from '../../../core/access-log/policy.ts'
import { configOf, problemsOf, withTop } from './read-config.ts'

const policy = (access: object) => configOf(withTop({ log: { access } })).accessLog
const problems = (access: unknown) => problemsOf(withTop({ log: { access } }))

describe('log.access', () => {
  test('is off unless it is there', () => {
    expect(configOf(withTop({})).accessLog).toBeUndefined()
    expect(configOf(withTop({ log: {} })).accessLog).toBeUndefined()
  })

  test('writes a line of JSON for each request to standard output by default', () => {
    expect(policy({})).toEqual({
      path: undefined,
      format: { kind: 'json', fields: defaultFields },
      always: undefined,
      sampleRatio: 1,
      hidden: [],
    })
  })

  test('takes what is said', () => {
    const always = { statuses: [404, '500-599'], slower: '500ms' }
    expect(policy({ to: 'a.log', fields: ['status', 'header:X-Y'], always, hide: ['Email'] })).toEqual({
      path: expect.stringMatching(/^\/.*a\.log$/) as string,
      format: { kind: 'json', fields: ['status', 'header:x-y'] },
      always: {
        statuses: [
          { from: 404, to: 404 },
          { from: 500, to: 599 },
        ],
        slowerMs: 500,
      },
      sampleRatio: 0,
      hidden: ['email'],
    })
    expect(policy({ always, sample: 0.01 })?.sampleRatio).toBe(0.01)
    expect(policy({ format: 'a {status}{header:x} b' })?.format).toEqual({
      kind: 'text',
      parts: ['a ', { field: 'status' }, { field: 'header:x' }, ' b'],
    })
  })

  test.each([
    [{ to: '' }, 'log.access.to must be the path of a file, or "stdout", got ""'],
    [{ to: 'a\0' }, 'log.access.to must be the path of a file, or "stdout"'],
    [{ to: 1 }, 'log.access.to must be the path of a file, or "stdout", got 1'],
    [{ format: 'jsom' }, '(did you mean "json"?)'],
    [{ format: '{staus}' }, '(did you mean "status"?)'],
    [{ format: '{zzzzzz}' }, '(there is no value {zzzzzz}, only time, client, method'],
    [{ format: '{status' }, 'log.access.format must be'],
    [{ format: 'a}{status}' }, 'log.access.format must be'],
    [{ format: '{status}\n{target}' }, 'log.access.format must be'],
    [{ format: '' }, 'log.access.format must be'],
    [{ format: '{header:a b}' }, 'log.access.format must be'],
    [{ fields: [] }, 'log.access.fields must not be empty'],
    [{ fields: ['methd'] }, '(did you mean "method"?)'],
    [{ fields: ['status'], format: 'common' }, 'log.access.fields goes with format "json" only'],
    [{ sample: 2 }, 'log.access.sample must be'],
    [{ always: { statuses: [99] } }, 'log.access.always.statuses[0] must be'],
    [{ always: { slower: 5 } }, 'log.access.always.slower must be'],
    [{ hide: ['a b'] }, 'log.access.hide[0] must be a name of a parameter or a field'],
    [{ file: 'a' }, 'log.access.file is not a known key'],
    [[], 'log.access must be an object'],
  ])('refuses %j', (access, problem) => {
    expect(problems(access).join()).toContain(problem)
  })

  test('says of a value that nobody knows just that', () => {
    expect(problems({ fields: ['methd'] })).toHaveLength(1)
  })
})
