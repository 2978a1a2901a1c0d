import { describe, expect, test } from 'bun:test'
import { expand } from '../../../core/config/read/expand.ts'

const env = { HOST: 'a.example', EMPTY: '', NESTED: '${HOST}', SECRET: 'hunter2' }

describe('expand', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['$HOST $ $$ {HOST}', '$HOST $ $$ {HOST}'],
    ['http://${HOST}:80', 'http://a.example:80'],
    ['${HOST}${HOST}', 'a.examplea.example'],
    ['${EMPTY}', ''],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${NOT_SET:-}', ''],
    ['${NOT_SET:-a:b-c?}', 'a:b-c?'],
    ['${HOST:-other}', 'a.example'],
    ['${HOST:?must be set}', 'a.example'],
    ['${NESTED}', '${HOST}'],
    ['$${HOST}', '${HOST}'],
  ])('expands %p', (text, expanded) => {
    expect(expand(text, env)).toEqual({ kind: 'text', text: expanded })
  })

  test.each([
    ['${NOT_SET}', 'needs the environment variable NOT_SET, which is not set'],
    ['${NOT_SET:?ask the owner}', 'needs the environment variable NOT_SET: ask the owner'],
    ['${EMPTY:?ask the owner}', 'needs the environment variable EMPTY: ask the owner'],
    ['${constructor}', 'needs the environment variable constructor, which is not set'],
    ['${__proto__}', 'needs the environment variable __proto__, which is not set'],
  ])('names the variable that %p lacks', (text, rule) => {
    expect(expand(text, env)).toEqual({ kind: 'fault', rule, isLocal: true })
  })

  test.each(['${', '${}', '${HOST', '${1A}', '${A B}', '${HOST-x}', '${HOST:x}', 'a ${ b'])(
    'refuses the malformed %p',
    (text) => {
      expect(expand(text, env)).toMatchObject({
        kind: 'fault',
        rule: 'must hold ${NAME}, ${NAME:-default} or ${NAME:?message}',
      })
    },
  )

  test('never shows what a variable holds when another one is missing', () => {
    expect(JSON.stringify(expand('${SECRET}${NOT_SET}', env))).not.toContain('hunter2')
  })
})
