import { describe, expect, test } from 'bun:test'
import { inspect, isDeepStrictEqual } from 'node:util'
import { fingerprint, hideSecrets, isSecret, Secret, soundsSecret } from '../../core/secrets.ts'

const text = 'tops3cret'
const one = new Secret(text)

describe('a secret', () => {
  test('shows as *** however it is printed, and on demand as itself', () => {
    const shown = [String(one), JSON.stringify({ one }), inspect({ one }), Bun.inspect([one])]
    for (const way of [...shown, JSON.stringify(Object.entries(one))]) expect(way).not.toContain(text)
    for (const way of shown) expect(way).toContain('***')
    expect(one.reveal()).toBe(text)
  })

  test('equals another of the same text and no other, for all who compare', () => {
    for (const equals of [isDeepStrictEqual, Bun.deepEquals]) {
      expect(equals({ one }, { one: new Secret(text) })).toBeTrue()
      expect(equals({ one }, { one: new Secret('other') })).toBeFalse()
      expect(equals({ one }, { one: undefined })).toBeFalse()
    }
  })

  test('has a mark that nobody can compute from a guess', () => {
    const plain = new Bun.CryptoHasher('sha256').update(text)
    expect(one.mark).toHaveLength(43)
    expect(one.mark).not.toBe(plain.digest('base64url'))
  })
})

describe('fingerprint', () => {
  test('tells values apart by their secrets and shows none', () => {
    const of = (value: string) => fingerprint([{ name: 'x-key', value: new Secret(value) }])
    expect(of(text)).toBe(of(text))
    expect(of(text)).not.toBe(of('other'))
    expect(of(text)).not.toContain(text)
    expect(JSON.parse(fingerprint([{ a: 1, toJSON: undefined }]))).toEqual([{ a: 1 }])
    expect(fingerprint(undefined)).toBe('')
  })
})

describe('hiding', () => {
  test('takes out secrets, and what is named like one, at any depth and in lists', () => {
    const config = {
      routes: [{ headers: [{ name: 'x-key', value: one }] }],
      pools: [{ options: { apiKey: 'b', dbPassword: 1, tokens: ['c', { x: 'd' }] } }],
    }
    expect(hideSecrets(config)).toEqual({
      routes: [{ headers: [{ name: 'x-key', value: '***' }] }],
      pools: [{ options: { apiKey: '***', dbPassword: '***', tokens: ['***', { x: 'd' }] } }],
    })
  })

  test('takes out what a URL asks with, which may be a key', () => {
    const urls = [
      'https://otlp.test/v1?api_key=k&x',
      'HTTP://a?k',
      'http://a/?',
      'http://a/b',
      'x?http://a?k',
      '/a?b=c',
    ]
    expect(hideSecrets(urls)).toEqual([
      'https://otlp.test/v1?***',
      'HTTP://a?***',
      'http://a/?',
      'http://a/b',
      'x?http://a?k',
      '/a?b=c',
    ])
  })

  test('keeps everything else, absence included', () => {
    const config = { admin: { token: undefined }, key: 'header', n: 0, list: [null, true, 'x'] }
    expect(hideSecrets(config)).toEqual(config)
    expect(hideSecrets(undefined)).toBeUndefined()
  })

  test('does not touch what it was given', () => {
    const config = { token: 'a' }
    hideSecrets(config)
    expect(config.token).toBe('a')
  })

  test('goes by the value, else by the name of a text or number', () => {
    expect([isSecret('value', one), isSecret('passphrase', 'x'), isSecret('privateKey', 1)]).toEqual([true, true, true])
    expect([isSecret('name', 'x'), isSecret('token', undefined), isSecret('token', {})]).toEqual([false, false, false])
    expect(['credentials', 'API-KEY', 'api_key', 'secretName', 'key', 'weight'].map(soundsSecret)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
