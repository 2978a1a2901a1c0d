/** Debian's etcd on a loopback port, with data of its own, which outlives a kill. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './ports.ts'

export interface Etcd extends AsyncDisposable {
  readonly url: string
  put(key: string, value: string, lease?: string): Promise<void>
  /** Of a key, or of all that begin with it. */
  delete(key: string, isPrefix?: boolean): Promise<void>
  /** Any call of its API; rejects with its own words. */
  call(path: string, body: object, token?: string): Promise<Readonly<Record<string, unknown>>>
  /** SIGKILL. */
  stop(): Promise<void>
  /** On the same port, with the same data. */
  start(): Promise<void>
}

export interface EtcdOptions {
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The first key behind all that begin with `prefix`. */
const endOf = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

export async function startEtcd({ tls }: EtcdOptions = {}): Promise<Etcd> {
  if (Bun.which('etcd') === null) throw new Error('etcd is missing: apt-get install etcd-server')
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-etcd-'))
  const [port = 0, peer = 0] = freePorts(2)
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const peerUrl = `http://127.0.0.1:${peer}`
  const options = {
    'data-dir': join(folder, 'data'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
    'log-level': 'error',
    ...(tls && { 'cert-file': tls.cert, 'key-file': tls.key }),
  }
  const cmd = ['etcd', ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)]
  let running: Bun.Subprocess | undefined

  async function call(path: string, body: object, token?: string): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`${url}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: token === undefined ? {} : { authorization: token },
      ...(tls && { tls: { ca: await Bun.file(tls.ca).text() } }),
    })
    const said = (await response.json()) as Readonly<Record<string, unknown>>
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(said)}`)
    return said
  }

  async function start(): Promise<void> {
    const child = Bun.spawn({ cmd, stdout: 'ignore', stderr: 'ignore' })
    running = child
    for (;;) {
      try {
        await call('kv/range', { key: base64('a') })
        return
      } catch (error) {
        if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`, { cause: error })
        // Authentication is on: it answers.
        if (String(error).includes('user name')) return
        await Bun.sleep(20)
      }
    }
  }
  const stop = async (): Promise<void> => {
    running?.kill('SIGKILL')
    await running?.exited
  }
  await start()
  return {
    url,
    call,
    put: async (key, value, lease) =>
      void (await call('kv/put', { key: base64(key), value: base64(value), ...(lease !== undefined && { lease }) })),
    delete: async (key, isPrefix = false) =>
      void (await call('kv/deleterange', { key: base64(key), ...(isPrefix && { range_end: base64(endOf(key)) }) })),
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
