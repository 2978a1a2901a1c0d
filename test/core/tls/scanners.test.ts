import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority } from '../../support/authority.ts'
import { startTestEdge } from '../../support/edge.ts'
import { answering, ok, startRawBackend } from '../../support/raw-backend.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { save, tlsListener, tlsPolicy } from '../../support/tls.ts'

// Debian's packages of both; `.ci/run` installs them.
const has = (program: string): boolean => Bun.which(program) !== null

/** Runs a scanner on a listener as a config has it that says nothing besides two certificates. */
async function scan(commandFor: (port: number, folder: string) => string[]): Promise<string> {
  await using backend = startRawBackend({ answer: answering(ok('hello')) })
  const folder = temporaryFolder()
  const authority = createAuthority().below('Test Intermediate')
  const files = (['ecdsa', 'rsa'] as const).map((kind) =>
    save(folder, kind, authority.issue({ names: ['a.test'], kind })),
  )
  await using edge = await startTestEdge([backend.port], { config: { listeners: [tlsListener(tlsPolicy(files))] } })
  const cmd = commandFor(edge.port, folder)
  await Bun.spawn({ cmd, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' }).exited
  return readFileSync(join(folder, 'report'), 'utf8')
}

interface Finding {
  readonly id: string
  readonly severity: string
  readonly finding: string
}

const MINUTES = 60_000

describe('scanners of TLS', () => {
  // What takes long is left out: simulated clients, and weaknesses of ciphers that are not there.
  test.skipIf(!has('testssl'))(
    'find nothing: testssl.sh',
    async () => {
      const checks = ['--protocols', '--server-preference', '--std', '--fs', '--heartbleed', '--renegotiation']
      const report = await scan((port, folder) => {
        const quietly = ['--quiet', '--nodns=none', '--warnings=off', '--color=0', '--ip=127.0.0.1']
        return ['testssl', ...quietly, `--jsonfile=${join(folder, 'report')}`, ...checks, `a.test:${port}`]
      })
      const findings = JSON.parse(report) as readonly Finding[]
      expect(findings.filter(({ severity }) => severity !== 'OK' && severity !== 'INFO')).toEqual([])
      const told = new Map(findings.map(({ id, finding }) => [id, finding]))
      expect([told.get('SSLv3'), told.get('TLS1_1')]).toEqual(['not offered', 'not offered'])
      expect(told.get('TLS1_3')).toStartWith('offered')
      expect(told.get('PFS')).toBe('offered')
    },
    8 * MINUTES,
  )

  test.skipIf(!has('sslscan'))(
    'find nothing: sslscan',
    async () => {
      const report = await scan((port, folder) => {
        return ['sslscan', '--sni-name=a.test', `--xml=${join(folder, 'report')}`, `127.0.0.1:${port}`]
      })
      const enabled = [...report.matchAll(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g)]
      expect(enabled.map(([, type, version]) => `${type} ${version}`).toSorted()).toEqual(['tls 1.2', 'tls 1.3'])
      expect(report).toContain('<renegotiation supported="0"')
      expect(report).not.toContain('vulnerable="1"')
      const ciphers = [...report.matchAll(/<cipher status="\w+" sslversion="([^"]+)" bits="(\d+)" cipher="([^"]+)"/g)]
      expect(ciphers.length).toBeGreaterThan(6)
      for (const [, version, , cipher = ''] of ciphers)
        expect(version === 'TLSv1.3' || /^ECDHE-(?:ECDSA|RSA)-(?:AES\d+-GCM|CHACHA20)/.test(cipher)).toBe(true)
    },
    MINUTES,
  )
})
