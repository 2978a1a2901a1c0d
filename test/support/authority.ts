/** An authority that tests trust, and certificates that it signs: made by openssl, in a folder that goes with the test. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of a certificate and its key: paths, and what stands there in PEM. */
export interface Issued {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export interface Authority {
  readonly caFile: string
  readonly ca: string
  /** `names` as OpenSSL writes them: `DNS:a.example,IP:127.0.0.1`. `days`: it ends so many from now; negative: it has ended. */
  issue(names?: string, days?: number): Issued
}

const KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'.split(' ')

/** Names of this machine, as a backend of a test has them. */
export const LOCAL_NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1'

/** `folder`: to put files into. */
export function createAuthority(folder: string, name = 'Test CA'): Authority {
  let issued = 0
  const openssl = (...args: readonly string[]): void => {
    const { status, stderr } = spawnSync('openssl', args)
    if (status !== 0) throw new Error(`openssl ${args[0]} has failed: ${stderr.toString()}`)
  }
  const slug = name.replaceAll(' ', '-')
  const [caFile, caKey] = [join(folder, `${slug}.pem`), join(folder, `${slug}.key`)]
  openssl('req', '-x509', ...KEY, '-days', '30', '-subj', `/CN=${name}`, '-keyout', caKey, '-out', caFile)
  return {
    caFile,
    ca: readFileSync(caFile, 'utf8'),
    issue(names = LOCAL_NAMES, days = 7) {
      issued += 1
      const at = (ending: string): string => join(folder, `${slug}-${issued}.${ending}`)
      const [certFile, keyFile, asked, words] = [at('pem'), at('key'), at('csr'), at('ext')]
      openssl('req', ...KEY, '-subj', `/CN=backend ${issued}`, '-keyout', keyFile, '-out', asked)
      writeFileSync(words, `subjectAltName=${names}\n`)
      const signs = ['-CA', caFile, '-CAkey', caKey, '-set_serial', String(issued), '-days', String(days)]
      openssl('x509', '-req', '-in', asked, ...signs, '-extfile', words, '-out', certFile)
      return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
    },
  }
}
