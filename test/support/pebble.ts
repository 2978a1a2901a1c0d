/**
 * Debian's pebble, a certificate authority for tests, and pebble-challtestsrv, by which it finds every name: both on loopback
 * ports, with data that ends with them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificates } from './certificates.ts'
import { freePorts } from './ports.ts'

export interface Pebble extends AsyncDisposable {
  /** URL of its directory, of https. */
  readonly directory: string
  /** Whom its own address is trusted by: a PEM file. */
  readonly ca: string
  /** Where it looks for challenges, on 127.0.0.1. */
  readonly httpPort: number
  readonly tlsPort: number
  /** Where records of dns-01 are set and cleared: `/set-txt`, `/clear-txt`. */
  readonly dnsUrl: string
  /** The root of what it issues, in PEM. */
  root(): Promise<string>
  /** SIGKILL; it forgets everything. */
  stop(): Promise<void>
  start(): Promise<void>
}

export interface PebbleOptions {
  /** Accounts are wanted bound: by the key `zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W`. */
  readonly keyId?: string
  /** Percent of good nonces that it refuses. */
  readonly refusesNonces?: number
  /** s that its certificates hold. */
  readonly validitySeconds?: number
}

export const bindingKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'

export async function startPebble({ keyId, refusesNonces = 5, validitySeconds }: PebbleOptions = {}): Promise<Pebble> {
  if (Bun.which('pebble') === null) throw new Error('pebble is missing: apt-get install pebble')
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-pebble-'))
  const certificates = createCertificates()
  const [api = 0, management = 0, httpPort = 0, tlsPort = 0, dns = 0, dnsApi = 0] = freePorts(6)
  const config = join(folder, 'pebble.json')
  const pebble = {
    listenAddress: `127.0.0.1:${api}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: certificates.cert,
    privateKey: certificates.key,
    httpPort,
    tlsPort,
    ...(keyId !== undefined && {
      externalAccountBindingRequired: true,
      externalAccountMACKeys: { [keyId]: bindingKey },
    }),
    ...(validitySeconds !== undefined && { certificateValidityPeriod: validitySeconds }),
  }
  await Bun.write(config, JSON.stringify({ pebble }))
  const ca = await Bun.file(certificates.ca).text()
  const quiet = { stdout: 'ignore', stderr: 'ignore' } as const
  const none = ['-http01', '', '-https01', '', '-tlsalpn01', '']
  const places = ['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${dnsApi}`]
  const names = Bun.spawn({
    cmd: ['pebble-challtestsrv', ...none, ...places, '-defaultIPv6', '', '-defaultIPv4', '127.0.0.1'],
    ...quiet,
  })
  let running: Bun.Subprocess | undefined

  async function start(): Promise<void> {
    const child = Bun.spawn({
      cmd: ['pebble', '-config', config, '-dnsserver', `127.0.0.1:${dns}`, '-strict'],
      env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: String(refusesNonces) },
      ...quiet,
    })
    running = child
    await untilAnswers(`https://127.0.0.1:${api}/dir`, ca, child)
    await untilAnswers(`http://127.0.0.1:${dnsApi}/`, ca, names)
  }
  const stop = async (): Promise<void> => {
    running?.kill('SIGKILL')
    await running?.exited
  }
  await start()
  return {
    directory: `https://127.0.0.1:${api}/dir`,
    ca: certificates.ca,
    httpPort,
    tlsPort,
    dnsUrl: `http://127.0.0.1:${dnsApi}`,
    root: async () => await (await fetch(`https://127.0.0.1:${management}/roots/0`, { tls: { ca } })).text(),
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop()
      names.kill('SIGKILL')
      await names.exited
      await certificates[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilAnswers(url: string, ca: string, child: Bun.Subprocess): Promise<void> {
  for (;;) {
    try {
      await fetch(url, { tls: { ca } })
      return
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`what should answer at ${url} has ended`, { cause: error })
      await Bun.sleep(20)
    }
  }
}
