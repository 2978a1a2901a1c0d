/** A certificate for this machine, its key, and whoever vouches for it: files in PEM, for programs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, LOCAL_NAMES } from './authority.ts'

export interface Certificates extends AsyncDisposable {
  readonly cert: string
  readonly key: string
  /** Who trusts it trusts the certificate. */
  readonly ca: string
}

export function createCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-tls-'))
  const authority = createAuthority()
  const { cert, key } = authority.issue({ names: LOCAL_NAMES })
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  return {
    cert: write('cert.pem', cert),
    key: write('key.pem', key),
    ca: write('ca.pem', authority.cert),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
