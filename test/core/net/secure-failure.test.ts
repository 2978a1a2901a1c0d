import { describe, expect, test } from 'bun:test'
import { EITHER, HTTP_1_1, HTTP_2 } from '../../../core/net/alpn.ts'
import { alertIn, failureOf, notAgreed } from '../../../core/net/secure-failure.ts'

const error = (code: string, message: string): Error => Object.assign(new Error(message), { code })
const ssl = (reason: string): Error => error('EPROTO', `error:100000f7:SSL routines:OPENSSL_internal:${reason}`)
const names = { meant: 'a.example', found: 'DNS:b.example' }

describe('a handshake that failed', () => {
  test.each([
    [
      error('ERR_TLS_CERT_ALTNAME_INVALID', 'x'),
      'tls-name',
      'its certificate is not for a.example, it is for DNS:b.example',
    ],
    [error('CERT_HAS_EXPIRED', 'certificate has expired'), 'tls-expired', 'its certificate has expired'],
    [error('CERT_NOT_YET_VALID', 'certificate is not yet valid'), 'tls-expired', 'its certificate is not yet valid'],
    [
      error('DEPTH_ZERO_SELF_SIGNED_CERT', 'self signed certificate'),
      'tls-untrusted',
      'nobody we trust vouches for its certificate: self signed certificate',
    ],
    [error('UNHEARD_OF', 'y'), 'tls-untrusted', 'nobody we trust vouches for its certificate: y'],
    [ssl('WRONG_VERSION_NUMBER'), 'tls-handshake', 'what it answers is no TLS: does it speak plain HTTP there?'],
    [ssl('SSLV3_ALERT_HANDSHAKE_FAILURE'), 'tls-handshake', 'it refuses the handshake: handshake failure'],
    [ssl('DECODE_ERROR'), 'tls-handshake', 'the handshake failed: decode error'],
    [ssl('TLSV1_ALERT_NO_APPLICATION_PROTOCOL'), 'tls-alpn', 'it does not agree on http/1.1 (ALPN)'],
    [error('ECONNRESET', 'z'), 'tls-handshake', 'it closed the connection in the middle of the handshake'],
    [undefined, 'tls-handshake', 'it closed the connection in the middle of the handshake'],
  ])('$1', (fault, code, words) => {
    expect(failureOf(fault, names, HTTP_1_1)).toEqual({
      isLocal: false,
      code,
      detail: code,
      words: `${code}: ${words}`,
    })
  })

  test.each([
    [HTTP_2, 'it does not agree on HTTP/2 (ALPN): "protocol" may be "auto" or "http/1.1"'],
    [EITHER, 'it does not agree on h2 or http/1.1 (ALPN)'],
  ])('says what %p may be instead', (offers, words) => {
    const told = { isLocal: false, code: 'tls-alpn', detail: 'tls-alpn', words: `tls-alpn: ${words}` }
    expect(failureOf(ssl('TLSV1_ALERT_NO_APPLICATION_PROTOCOL'), names, offers)).toEqual(told)
    expect(notAgreed(offers)).toEqual(told)
  })

  test('tells clients the code alone, and operators of what a certificate says no more than text of some length', () => {
    const found = `DNS:${'x'.repeat(1000)}`
    const failure = failureOf(error('ERR_TLS_CERT_ALTNAME_INVALID', ''), { meant: 'a\u001b[2J\r\nb', found }, HTTP_1_1)
    expect(failure.detail).toBe('tls-name')
    expect(failure.words).toStartWith('tls-name: its certificate is not for a?[2J??b, it is for DNS:xxx')
    expect(failure.words).toHaveLength(210)
  })
})

test.each([
  ['error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED', 'certificate required'],
  ['error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE', 'bad certificate'],
  ['error:10000412:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER', undefined],
  ['', undefined],
])('%p says %p', (message, alert) => expect(alertIn(new Error(message))).toBe(alert))
