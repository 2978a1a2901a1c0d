/** A process that serves HTTPS, clients that each shake hands anew for every request, and certificates that are saved meanwhile. */
import { X509Certificate } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { createAuthority, type Issued } from './authority.ts'
import { freePorts } from './ports.ts'
import { startProcess } from './running-process.ts'
import { answering, ok, startRawBackend } from './raw-backend.ts'
import { askSecurely } from './tls.ts'

export interface SwapTally {
  readonly handshakes: number
  /** In words, one for each handshake or answer that came to nothing. */
  readonly failures: readonly string[]
  /** Certificates that clients were shown. */
  readonly shown: number
}

/** Saves one certificate after the other, each as soon as a client has been shown the one before. */
export async function swapCertificates(times: number, clients = 8): Promise<SwapTally> {
  const root = createAuthority()
  await using backend = startRawBackend({ answer: answering(ok('hello')) })
  const [port = 0] = freePorts(1)
  const first = root.issue({ names: ['a.test'] })
  await using running = await startProcess({
    files: { 'a.pem': first.chain, 'a.key': first.key },
    pool: { backends: [`http://127.0.0.1:${backend.port}`] },
    config: {
      listeners: { web: { address: `127.0.0.1:${port}`, tls: { certificates: [{ cert: 'a.pem', key: 'a.key' }] } } },
    },
  })
  await running.event('ready')
  const shown = new Map<string, () => void>()
  const failures: string[] = []
  let handshakes = 0
  const over = new AbortController()
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        const { text, fingerprint } = await askSecurely(port, { ca: root.cert })
        handshakes += 1
        if (!text.startsWith('HTTP/1.1 200')) failures.push(`answered ${JSON.stringify(text.slice(0, 60))}`)
        shown.get(fingerprint)?.()
      } catch (error) {
        failures.push(String(error))
      }
    }
  }
  const isShown = async ({ cert }: Issued): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    shown.set(new X509Certificate(cert).fingerprint256, resolve)
    await promise
  }
  const begun = isShown(first)
  const load = Array.from({ length: clients }, client)
  await begun
  for (let swap = 0; swap < times; swap += 1) {
    const next = root.issue({ names: ['a.test'] })
    save(running.files.folder, next)
    await isShown(next)
  }
  over.abort()
  await Promise.all(load)
  return { handshakes, failures, shown: shown.size }
}

/** As careful tools do: what stands there is always whole. */
function save(folder: string, { chain, key }: Issued): void {
  for (const [name, text] of [
    ['a.pem', chain],
    ['a.key', key],
  ] as const) {
    writeFileSync(`${folder}/${name}.new`, text)
    renameSync(`${folder}/${name}.new`, `${folder}/${name}`)
  }
}
