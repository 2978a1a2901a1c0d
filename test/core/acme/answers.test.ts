/** What a CA may answer, and what is taken for none of it. */
import { describe, expect, test } from 'bun:test'
import {
  readAuthorization,
  readDirectory,
  readOrder,
  readProblem,
  readRenewalWindow,
  urlOf,
} from '../../../core/acme/answers.ts'

const base = 'https://ca.test/dir'
const url = (path: string): string => `https://ca.test/${path}`
const directory = { newNonce: url('n'), newAccount: url('a'), newOrder: url('o') }
const order = { status: 'pending', authorizations: [url('z/1')], finalize: url('f') }
const token = 'abcdefghijklmnopqrstuv'
const challenge = { type: 'http-01', url: url('c'), token }
const authorization = { status: 'pending', identifier: { type: 'dns', value: 'A.test' }, challenges: [challenge] }

/** Of any type where something else belongs. */
const NOTHINGS: readonly unknown[] = [undefined, null, 0, '', 'text', [], {}, [[]], true]

describe('URLs', () => {
  const refused = ['file:///etc/passwd', 'http://ca.test/', 'javascript:1', '//x', '', 'https://user@ca.test/', 7, null]
  for (const one of refused) test(`${String(one)} is none`, () => expect(urlOf(one, base)).toBeUndefined())

  test('of http are taken where the directory is of http, of 2048 characters at most', () => {
    expect(urlOf('http://ca.test/x', 'http://ca.test/dir')).toBe('http://ca.test/x')
    expect(urlOf('file:///x', 'http://ca.test/dir')).toBeUndefined()
    expect(urlOf(`https://ca.test/${'x'.repeat(2048)}`, base)).toBeUndefined()
  })
})

test('a directory needs three URLs; RFC 9773 and bindings are its choice', () => {
  expect(readDirectory(directory, base)).toEqual({ ...directory, needsBinding: false })
  const more = { ...directory, renewalInfo: url('r'), meta: { externalAccountRequired: true } }
  expect(readDirectory(more, base)).toEqual({ ...directory, renewalInfo: url('r'), needsBinding: true })
  for (const key of Object.keys(directory))
    expect(readDirectory({ ...directory, [key]: 'file:///x' }, base)).toBeUndefined()
  for (const nothing of NOTHINGS) expect(readDirectory(nothing, base)).toBeUndefined()
})

test('an order', () => {
  expect(readOrder(order, base)).toEqual({ ...order, status: 'pending' })
  const valid = {
    ...order,
    status: 'valid',
    certificate: url('x'),
    error: { type: 'urn:ietf:params:acme:error:caa', detail: 'no' },
  }
  expect(readOrder(valid, base)).toMatchObject({ status: 'valid', certificate: url('x'), detail: 'caa: no' })
  const faulty = [
    ...NOTHINGS,
    { ...order, status: 'happy' },
    { ...order, finalize: 'file:///x' },
    { ...order, authorizations: [] },
    { ...order, authorizations: [url('z'), 'file:///x'] },
    { ...order, authorizations: Array.from({ length: 11 }, () => url('z')) },
    { ...order, authorizations: 'https://ca.test/z' },
  ]
  for (const one of faulty) expect(readOrder(one, base)).toBeUndefined()
})

test('an authorization, of which challenges that make no sense are left out', () => {
  const odd = [
    null,
    { type: 'x' },
    { ...challenge, token: '../../etc/passwd____________' },
    { ...challenge, token: 'short' },
  ]
  const read = readAuthorization({ ...authorization, challenges: [...odd, challenge] }, base)
  expect(read).toEqual({ status: 'pending', name: 'a.test', challenges: [challenge] })
  const error = { type: 'urn:ietf:params:acme:error:dns', detail: 'no\n\u001b[31mrecord' }
  const invalid = { ...authorization, status: 'invalid', challenges: [{ ...challenge, error }] }
  expect(readAuthorization(invalid, base)?.detail).toBe('dns: no [31mrecord')
  for (const one of [...NOTHINGS, { ...authorization, status: 1 }, { ...authorization, identifier: {} }])
    expect(readAuthorization(one, base)).toBeUndefined()
})

test('a problem, of which a log gets a line', () => {
  expect(readProblem({ type: 'urn:ietf:params:acme:error:rateLimited', detail: 'x'.repeat(1000) })).toMatchObject({
    type: 'rateLimited',
    detail: `rateLimited: ${'x'.repeat(387)}…`,
  })
  for (const one of NOTHINGS) expect(readProblem(one)).toBeUndefined()
})

test('a window of renewal', () => {
  const window = { start: '2026-01-02T03:04:05Z', end: '2026-01-03T03:04:05.5+01:00' }
  expect(readRenewalWindow({ suggestedWindow: window })).toEqual({
    start: Date.UTC(2026, 0, 2, 3, 4, 5),
    end: Date.UTC(2026, 0, 3, 2, 4, 5, 500),
  })
  const faulty = [
    ...NOTHINGS,
    { suggestedWindow: { start: window.end, end: window.start } },
    { suggestedWindow: { start: window.start, end: window.start } },
    { suggestedWindow: { start: 'soon', end: window.end } },
    { suggestedWindow: { start: '2026-99-02T03:04:05Z', end: window.end } },
    { suggestedWindow: { start: 1, end: 2 } },
  ]
  for (const one of faulty) expect(readRenewalWindow(one)).toBeUndefined()
})
