/** HTTP/3 as others have written it: gtlsclient, of ngtcp2 and GnuTLS, and Chromium. */
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromiumPath } from './chromium.ts'

export interface Http3Answer {
  readonly status: number
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Over how many responses its client has heard of. */
  readonly responses: number
}

export interface Http3Options {
  readonly method?: string
  readonly body?: Buffer
  /** As often, on one connection. */
  readonly times?: number
}

/** Asks for a path with a name in it, such as `/name`; rejects where there is no answer. */
export async function askHttp3(port: number, path: string, options: Http3Options = {}): Promise<Http3Answer> {
  if (Bun.which('gtlsclient') === null) throw new Error('gtlsclient is not installed: apt-get install ngtcp2-client')
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-http3-'))
  try {
    const { method = 'GET', body, times = 1 } = options
    const sent = join(folder, 'sent')
    if (body !== undefined) writeFileSync(sent, body)
    const manner = ['--exit-on-all-streams-close', '--no-quic-dump', '--timeout=20s', `--download=${folder}`]
    const request = ['-m', method, '-n', String(times), ...(body === undefined ? [] : ['-d', sent])]
    const place = ['127.0.0.1', String(port), `https://a.test:${port}${path}`]
    const child = Bun.spawn(['gtlsclient', ...manner, ...request, ...place], { stdout: 'ignore', stderr: 'pipe' })
    const log = await new Response(child.stderr).text()
    await child.exited
    return { ...told(log), body: saved(folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function told(log: string): Omit<Http3Answer, 'body'> {
  const fields = new Map(
    [...log.matchAll(/\[(:?[a-z0-9-]+): (.*)\]$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
  const status = Number(fields.get(':status'))
  if (!fields.has(':status')) throw new Error(`no answer by HTTP/3: ${log.slice(-500)}`)
  return { status, fields, responses: log.match(/\[:status: 200\]/g)?.length ?? 0 }
}

function saved(folder: string): Buffer {
  const name = readdirSync(folder).find((file) => file !== 'sent')
  return name === undefined ? Buffer.alloc(0) : readFileSync(join(folder, name))
}

/** What a browser that is told to go by HTTP/3 alone shows of `https://a.test:PORT/`. `chain`: of the certificate that it is to trust. */
export async function browseHttp3(port: number, chain: string): Promise<string> {
  const path = chromiumPath()
  if (path === undefined) throw new Error('chromium is not installed: apt-get install chromium')
  const profile = mkdtempSync(join(tmpdir(), 'smartedge-chromium-'))
  const publicKey = new X509Certificate(chain).publicKey.export({ type: 'spki', format: 'der' })
  const pin = createHash('sha256').update(publicKey).digest('base64')
  try {
    const place = [`--origin-to-force-quic-on=a.test:${port}`, '--host-resolver-rules=MAP a.test 127.0.0.1']
    const manner = ['--headless', '--no-sandbox', '--disable-gpu', '--enable-quic', `--user-data-dir=${profile}`]
    const trust = `--ignore-certificate-errors-spki-list=${pin}`
    const child = Bun.spawn([path, ...manner, ...place, trust, '--dump-dom', `https://a.test:${port}/`], {
      stdout: 'pipe',
      stderr: 'ignore',
    })
    const shown = await new Response(child.stdout).text()
    await child.exited
    return shown
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
}
