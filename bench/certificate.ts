/** A certificate for 127.0.0.1 that vouches for itself, made by openssl. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobTls } from './peers/peer.ts'

const KEYS = {
  ecdsa: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
} as const

/** Writes three files into `directory`. Throws where there is no openssl. */
export function makeCertificate(directory: string, kind: keyof typeof KEYS): JobTls {
  const at = (ending: string): string => join(directory, `${kind}.${ending}`)
  const files = { cert: at('pem'), key: at('key'), both: at('both.pem') }
  const subject = ['-subj', '/CN=a.test', '-addext', 'subjectAltName=DNS:a.test,IP:127.0.0.1']
  const cmd = ['openssl', 'req', '-x509', ...KEYS[kind], '-nodes', '-days', '90', ...subject]
  const made = Bun.spawnSync([...cmd, '-keyout', files.key, '-out', files.cert], { stderr: 'ignore' })
  if (!made.success) throw new Error('openssl has made no certificate')
  writeFileSync(files.both, readFileSync(files.cert, 'utf8') + readFileSync(files.key, 'utf8'))
  return files
}
