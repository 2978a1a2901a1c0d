/** Requests and challenge certificates as others read them: openssl, and Bun's own reader. */
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { certificateRequest } from '../../../core/acme/certificate-request.ts'
import { challengeCertificate } from '../../../core/acme/challenge-certificate.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const openssl = async (args: string): Promise<string> => {
  const child = Bun.spawn(['openssl', ...args.split(' ')], { stderr: 'pipe' })
  return (await new Response(child.stdout).text()) + (await new Response(child.stderr).text())
}

test('a request is signed by its key, and for its name', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = join(temporaryFolder(), 'request.der')
  await Bun.write(file, certificateRequest('*.example.org', privateKey))
  const said = await openssl(`req -inform der -in ${file} -verify -text -noout`)
  expect(said).toContain('verify OK')
  expect(said).toContain('DNS:*.example.org')
  expect(said).toContain('ecdsa-with-SHA256')
})

test('a challenge certificate says the digest of what proves the name, and that it must be understood', async () => {
  const now = Date.UTC(2026, 5, 1)
  const { chain, key } = challengeCertificate('a.example.org', 'token.thumbprint', now)
  const certificate = new X509Certificate(chain)
  expect(certificate.subjectAltName).toBe('DNS:a.example.org')
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(Date.parse(certificate.validFrom)).toBeLessThan(now)
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(now)
  const digest = createHash('sha256').update('token.thumbprint').digest('hex')
  // RFC 8737 3: critical, an octet string in an octet string.
  expect(certificate.raw.toString('hex')).toContain(`06082b0601050507011f0101ff04220420${digest}`)
  const file = join(temporaryFolder(), 'challenge.pem')
  await Bun.write(file, chain)
  expect(await openssl(`x509 -in ${file} -noout -text`)).toContain('1.3.6.1.5.5.7.1.31: critical')
  expect(JSON.stringify({ chain: '', key })).not.toContain('PRIVATE')
})
