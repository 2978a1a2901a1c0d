/** What both ends of TLS have in tests, of one authority for the process; and whether a whole suite is to run over TLS. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clientContext } from '../../core/net/client-context.ts'
import type { TlsClient } from '../../core/net/opening.ts'
import type { BackendTlsPolicy } from '../../core/outbound/policy.ts'
import { createAuthority, LOCAL_NAMES } from './authority.ts'

export interface PeerTls {
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: TlsClient
  /** As a config has it that trusts the authority. */
  readonly policy: BackendTlsPolicy
}

let made: PeerTls | undefined

export function peerTls(): PeerTls {
  if (made !== undefined) return made
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-authority-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const authority = createAuthority()
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.cert)
  const { cert, key } = authority.issue({ names: LOCAL_NAMES })
  return (made = {
    server: { cert, key },
    client: { context: clientContext({ authorities: [authority.cert] }), serverName: 'localhost', verifies: true },
    policy: { ca: [caFile], serverName: undefined, shown: undefined, verifies: true },
  })
}

/** With SMARTEDGE_TEST_TLS in the environment, backends of tests speak TLS, and edges of tests to them. */
export const suiteTls = (): PeerTls | undefined => (process.env['SMARTEDGE_TEST_TLS'] === '1' ? peerTls() : undefined)
