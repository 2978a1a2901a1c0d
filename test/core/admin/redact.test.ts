import { describe, expect, test } from 'bun:test'
import { redactSecrets } from '../../../core/admin/redact.ts'

describe('redaction', () => {
  test('hides what is named like a secret, at any depth and in lists', () => {
    const config = {
      admin: { token: 'a' },
      pools: [{ options: { apiKey: 'b', dbPassword: 1, tokens: ['c', { x: 'd' }] } }],
    }
    expect(redactSecrets(config)).toEqual({
      admin: { token: '***' },
      pools: [{ options: { apiKey: '***', dbPassword: '***', tokens: ['***', { x: 'd' }] } }],
    })
  })

  test('keeps everything else, absence included', () => {
    const config = { admin: { token: undefined }, key: 'header', n: 0, list: [null, true, 'x'] }
    expect(redactSecrets(config)).toEqual(config)
    expect(redactSecrets(undefined)).toBeUndefined()
  })

  test('does not touch what it was given', () => {
    const config = { token: 'a' }
    redactSecrets(config)
    expect(config.token).toBe('a')
  })
})
