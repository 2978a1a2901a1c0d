/** A certificate for 127.0.0.1 that vouches for itself, and its key: files in PEM, made by openssl. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificates extends AsyncDisposable {
  readonly cert: string
  readonly key: string
  /** Who trusts it trusts the certificate. */
  readonly ca: string
}

export async function createCertificates(): Promise<Certificates> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-tls-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const options = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  const cmd = ['openssl', 'req', ...options.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1']
  const { exited } = Bun.spawn({ cmd: [...cmd, '-keyout', key, '-out', cert], stdout: 'ignore', stderr: 'ignore' })
  if ((await exited) !== 0) throw new Error('openssl has made no certificate')
  return {
    cert,
    key,
    ca: cert,
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
