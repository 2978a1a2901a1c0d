/** HAProxy and nginx at work beside a test, each with a configuration of its own. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './ports.ts'

export interface RealProxy extends AsyncDisposable {
  readonly port: number
}

/** Those that this machine has not: tests that need them are left out. */
export const isMissing = (program: 'haproxy' | 'nginx'): boolean => whereIs(program) === null

const whereIs = (program: string): string | null =>
  Bun.which(program, { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` })

/** `rules`: what stands behind `defaults`, of a port. */
export const startHaproxy = (rules: (port: number) => string): Promise<RealProxy> => {
  const [port = 0] = freePorts(1)
  return start('haproxy', port, rules(port), (body) => ({
    text: `global\n  nbthread 1\ndefaults\n  mode http\n  timeout client 20s\n  timeout server 20s\n  timeout connect 5s\n${body}\n`,
    args: (file) => ['-db', '-f', file],
  }))
}

/** `blocks`: of `http` and `stream`, of a port: `at`, or any. */
export const startNginx = (blocks: (port: number) => string, at?: number): Promise<RealProxy> => {
  const [port = 0] = at === undefined ? freePorts(1) : [at]
  return start('nginx', port, blocks(port), (body, folder) => ({
    text: `${STREAM}daemon off;\npid ${folder}/nginx.pid;\nerror_log stderr warn;\nevents {}\n${body}\n`,
    args: (file) => ['-p', folder, '-e', 'stderr', '-c', file],
  }))
}

/** In Debian a module of its own. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'
const STREAM = existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};\n` : ''

/** Where nginx puts what it does not keep in memory. */
export const NGINX_FOLDERS =
  'client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi; access_log off;'

async function start(
  program: string,
  port: number,
  body: string,
  render: (body: string, folder: string) => { readonly text: string; readonly args: (file: string) => string[] },
): Promise<RealProxy> {
  const folder = mkdtempSync(join(tmpdir(), `smartedge-${program}-`))
  const { text, args } = render(body, folder)
  const file = join(folder, 'proxy.conf')
  writeFileSync(file, text)
  const child = Bun.spawn([whereIs(program) ?? program, ...args(file)], { stdout: 'ignore', stderr: 'pipe' })
  const stop = async (): Promise<void> => {
    child.kill()
    await child.exited
    rmSync(folder, { recursive: true, force: true })
  }
  if (!(await listens(port, child))) {
    await stop()
    throw new Error(`${program} does not listen: ${await new Response(child.stderr).text()}`)
  }
  return { port, [Symbol.asyncDispose]: stop }
}

/** Whether somebody listens at `port` before the child has ended. */
async function listens(port: number, child: { readonly exitCode: number | null }): Promise<boolean> {
  while (child.exitCode === null) {
    const isThere = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } }).then(
      (socket) => (socket.terminate(), true),
      () => false,
    )
    if (isThere) return true
    await Bun.sleep(5)
  }
  return false
}
