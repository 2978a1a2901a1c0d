import { describe, expect, test } from 'bun:test'
import { cors } from '../../../core/admission/cors.ts'
import type { CorsPolicy } from '../../../core/admission/policy.ts'
import { askRule, kindOf } from '../../support/asking.ts'

const policy = (changes: Partial<CorsPolicy> = {}): CorsPolicy => ({
  origins: ['https://app.example'],
  methods: ['GET', 'PUT'],
  fields: [],
  expose: [],
  credentials: false,
  maxAgeMs: 600_000,
  ...changes,
})

const preflight = (origin: string, more = '') => ({
  request: 'OPTIONS /a',
  lines: `Origin: ${origin}\r\nAccess-Control-Request-Method: PUT\r\n${more}`,
})

/** What the client is told besides, whoever answers; of a refusal its status first. */
function linesOf(changes: Partial<CorsPolicy>, question: Parameters<typeof askRule>[1]): readonly (string | number)[] {
  const { verdict } = askRule(cors(policy(changes)), question)
  if (verdict.kind === 'later') return []
  const text = verdict.kind === 'refused' ? verdict.problem.lines : verdict.pass?.responseLines
  const status = verdict.kind === 'refused' ? [verdict.problem.status] : []
  return [...status, ...(text ?? '').split('\r\n').filter((line) => line !== '')]
}

const preflightVary = 'Vary: Access-Control-Request-Method, Access-Control-Request-Headers'

describe('a preflight', () => {
  test('is answered without a backend, and counts as no refusal', () => {
    expect(askRule(cors(policy()), preflight('https://app.example')).verdict).toEqual({
      kind: 'refused',
      problem: {
        status: 204,
        detail: 'a preflight',
        content: { type: undefined, text: '' },
        lines:
          'Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\nAccess-Control-Allow-Methods: GET, PUT\r\n' +
          `Access-Control-Max-Age: 600\r\n${preflightVary}\r\n`,
      },
    })
  })

  test('says which fields there may be, and whether credentials', () => {
    const lines = linesOf({ fields: ['content-type', 'x-a'], credentials: true }, preflight('https://app.example'))
    expect(lines).toContain('Access-Control-Allow-Headers: content-type, x-a')
    expect(lines).toContain('Access-Control-Allow-Credentials: true')
  })

  test('of any fields is told those that it asks for, as far as they are names', () => {
    const more = 'Access-Control-Request-Headers: x-a,x-b, "c, , d e\r\n'
    expect(linesOf({ fields: ['*'] }, preflight('https://app.example', more))).toContain(
      'Access-Control-Allow-Headers: x-a, x-b',
    )
    const none = linesOf({ fields: ['*'] }, preflight('https://app.example'))
    expect(none.filter((line) => String(line).startsWith('Access-Control-Allow-Headers'))).toEqual([])
  })

  test('where every origin may is answered for all of them at once', () => {
    expect(linesOf({ origins: ['*'] }, preflight('https://any.example'))).toEqual([
      204,
      'Access-Control-Allow-Origin: *',
      'Access-Control-Allow-Methods: GET, PUT',
      'Access-Control-Max-Age: 600',
      preflightVary,
    ])
  })

  test('of another origin is refused without a word of who may', () => {
    expect(askRule(cors(policy()), preflight('https://other.example')).verdict).toEqual({
      kind: 'refused',
      problem: { status: 403, detail: 'this origin may not use this resource', lines: 'Vary: Origin\r\n' },
      reason: 'cors',
    })
  })

  test.each([
    ['without a method that it asks for', { request: 'OPTIONS /', lines: 'Origin: https://other.example\r\n' }],
    ['without an origin', { request: 'OPTIONS /', lines: 'Access-Control-Request-Method: PUT\r\n' }],
    ['by another method', { ...preflight('https://other.example'), request: 'GET /' }],
  ])('%s is none, and the backend’s to answer', (_title, question) => {
    expect(kindOf(askRule(cors(policy()), question))).toBe('admitted')
  })
})

describe('a response', () => {
  const from = (origin: string) => ({ lines: `Origin: ${origin}\r\n` })

  test('for an origin that may read it says so, and what; the backend is not heard about it', () => {
    const { verdict } = askRule(cors(policy({ expose: ['x-a', 'x-b'] })), from('https://app.example'))
    expect(verdict).toEqual({
      kind: 'admitted',
      pass: {
        responseDrops: [
          'access-control-allow-origin',
          'access-control-allow-credentials',
          'access-control-allow-methods',
          'access-control-allow-headers',
          'access-control-expose-headers',
          'access-control-max-age',
        ],
        responseLines:
          'Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\nAccess-Control-Expose-Headers: x-a, x-b\r\n',
      },
    })
  })

  test('for another origin, or none, says that it would differ, and nothing else', () => {
    expect(linesOf({}, from('https://other.example'))).toEqual(['Vary: Origin'])
    expect(linesOf({ expose: ['x-a'], credentials: true }, {})).toEqual(['Vary: Origin'])
  })

  test('where every origin may is the same for all, asked or not', () => {
    for (const question of [from('https://any.example'), {}])
      expect(linesOf({ origins: ['*'] }, question)).toEqual(['Access-Control-Allow-Origin: *'])
  })
})

describe('origins', () => {
  const all = ['https://app.example', 'https://*.wild.example', 'http://*.port.example:8080', 'null']
  test.each([
    ['https://app.example', true],
    ['https://app.example:444', false],
    ['http://app.example', false],
    ['https://app.example.evil', false],
    ['https://xapp.example', false],
    ['https://a.wild.example', true],
    ['https://a.b.wild.example', true],
    ['https://wild.example', false],
    ['https://.wild.example', false],
    ['https://evil.example/.wild.example', false],
    ['https://evil.example?.wild.example', false],
    ['https://a@.wild.example', false],
    ['https://a..b.wild.example', false],
    ['https://a.wild.example:1', false],
    ['http://a.wild.example', false],
    ['httpx://a.wild.example', false],
    ['http://a.port.example:8080', true],
    ['http://a.port.example', false],
    ['null', true],
    ['NULL', false],
    ['', false],
    ['https://app.example, https://other.example', false],
    [`https://${'a.'.repeat(5000)}wild.example`, false],
  ])('of %s', (origin, isAllowed) => {
    const lines = linesOf({ origins: all }, { lines: `Origin: ${origin}\r\n` })
    expect(lines.includes(`Access-Control-Allow-Origin: ${origin}`)).toBe(isAllowed)
  })
})
