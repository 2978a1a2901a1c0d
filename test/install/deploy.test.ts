/** What docs/deploy.md has one write, as it stands there: SmartEdge behind a real TLS terminator, each of those that it names. */
import { describe, expect, onTestFinished, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePorts } from '../support/ports.ts'
import { startProcess } from '../support/running-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const guide = readFileSync(resolve(import.meta.dir, '../../docs/deploy.md'), 'utf8')
const slow = 60_000

/** The block of code behind the mark of that name. */
function written(name: string): string {
  const found = guide.match(new RegExp(`<!-- tried: ${name} -->\\s*\`\`\`\\w+\\n([^]*?)\`\`\``))?.[1]
  if (found === undefined) throw new Error(`docs/deploy.md marks no ${name}`)
  return found
}

interface Terminator {
  readonly program: string
  /** Writes its files into `folder`; returns how it is started in the foreground. */
  readonly prepare: (folder: string, tls: number, edge: number) => readonly string[]
}

const terminators: readonly Terminator[] = [
  {
    program: 'nginx',
    prepare(folder, tls, edge) {
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
      const make = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-subj',
        '/CN=x',
      ]
      expect(Bun.spawnSync(['openssl', ...make, '-keyout', key, '-out', certificate]).exitCode).toBe(0)
      const site = written('nginx.conf')
        .replace('listen 443', `listen 127.0.0.1:${tls}`)
        .replace(/\S+fullchain\.pem/, certificate)
        .replace(/\S+privkey\.pem/, key)
        .replace('127.0.0.1:8080', `127.0.0.1:${edge}`)
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (kind) => `${kind}_temp_path ${folder};`,
      )
      const file = join(folder, 'nginx.conf')
      writeFileSync(
        file,
        `pid ${folder}/pid; error_log stderr; daemon off; master_process off;
events {} http { access_log off; ${temporary.join(' ')} ${site} }`,
      )
      return ['nginx', '-c', file]
    },
  },
  {
    program: 'caddy',
    prepare(folder, tls, edge) {
      const site = written('Caddyfile')
        .replace('www.example.com {', `https://www.example.com:${tls} {\n\ttls internal`)
        .replace('127.0.0.1:8080', `127.0.0.1:${edge}`)
      const file = join(folder, 'Caddyfile')
      const options = `admin off\nskip_install_trust\nauto_https disable_redirects\nstorage file_system ${folder}`
      writeFileSync(file, `{\n${options}\n}\n${site}`)
      return ['caddy', 'run', '--adapter', 'caddyfile', '--config', file]
    },
  },
]

describe.each(terminators)('behind $program, as the guide has it', ({ program, prepare }) => {
  test.if(Bun.which(program) !== null)(
    'a backend hears who the client is, and that it came by TLS',
    async () => {
      const backend = Bun.serve({
        port: 0,
        hostname: '127.0.0.1',
        fetch: ({ headers }) => Response.json(Object.fromEntries(headers)),
      })
      onTestFinished(() => void backend.stop(true))
      const { trustedProxies } = JSON.parse(written('smartedge.config.json')) as { trustedProxies: readonly string[] }
      const pool = { backends: [`http://127.0.0.1:${backend.port}`] }
      await using edge = await startProcess({ pool, config: { trustedProxies } })
      await edge.event('ready')
      const [tls = 0] = freePorts(1)
      const folder = temporaryFolder()
      const command = prepare(folder, tls, edge.port)
      const child = Bun.spawn([...command], { cwd: folder, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
      onTestFinished(() => child.kill('SIGKILL'))
      const told = await askUntilServed(tls, child)
      expect(told).toMatchObject({ host: expect.stringMatching(/^www\.example\.com/), 'x-forwarded-proto': 'https' })
      // The client, as the terminator says it, and the terminator; nothing of what the client says.
      expect(told['x-forwarded-for']).toBe('127.0.0.1, 127.0.0.1')
    },
    slow,
  )
})

/** By a client who claims to be somebody else. Rejects with what it said where the terminator ends instead. */
async function askUntilServed(port: number, child: Bun.Subprocess<'ignore', 'ignore', 'pipe'>) {
  const url = `https://www.example.com:${port}/`
  const named = ['--resolve', `www.example.com:${port}:127.0.0.1`, '--header', 'X-Forwarded-For: 203.0.113.9']
  for (;;) {
    const curl = Bun.spawn(['curl', '--silent', '--insecure', ...named, url], { stdout: 'pipe' })
    const [answer, code] = await Promise.all([curl.stdout.text(), curl.exited])
    if (code === 0 && answer !== '') return JSON.parse(answer) as Record<string, string>
    if (child.exitCode !== null) throw new Error(`it does not run:\n${await child.stderr.text()}`)
    await Bun.sleep(50)
  }
}
