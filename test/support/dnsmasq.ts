/** Debian's dnsmasq as a name server on a loopback port, with records that the test may change at any time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './ports.ts'

export interface Dnsmasq extends AsyncDisposable {
  readonly server: { readonly address: string; readonly port: number }
  /** Addresses by name, from now on, in place of all others. */
  addresses(records: Readonly<Record<string, readonly string[]>>): Promise<void>
  /** It answers nobody until it is started again, on the same port with the same records. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** `ttl`: seconds that it says of every record. `options`: of its command line: `--srv-host=…`, `--cname=…`. */
export async function startDnsmasq({ ttl = 1, options = [] as readonly string[] } = {}): Promise<Dnsmasq> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-dns-'))
  const hosts = join(folder, 'hosts')
  writeFileSync(hosts, '')
  const [port = 0] = freePorts(1)
  const program = Bun.which('dnsmasq', { PATH: `${process.env['PATH']}:/usr/sbin` })
  if (program === null) throw new Error('dnsmasq is missing: apt-get install dnsmasq-base')
  let running: ReturnType<typeof launch> | undefined
  const launch = () =>
    Bun.spawn({
      cmd: [
        program,
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        `--port=${port}`,
        '--listen-address=127.0.0.1',
        '--bind-interfaces',
        '--no-resolv',
        '--no-hosts',
        `--addn-hosts=${hosts}`,
        '--local=/test/',
        `--local-ttl=${ttl}`,
        `--user=${process.env['USER'] ?? 'root'}`,
        `--pid-file=${join(folder, 'pid')}`,
        ...options,
      ],
      stdout: 'ignore',
      stderr: 'pipe',
    })
  const stop = async (): Promise<void> => {
    running?.kill('SIGKILL')
    await running?.exited
    running = undefined
  }
  const start = async (): Promise<void> => {
    running = launch()
    await answers(port, running).catch(async (error: unknown) => {
      await stop()
      throw error
    })
  }
  await start()
  return {
    server: { address: '127.0.0.1', port },
    async addresses(records) {
      const lines = Object.entries(records).flatMap(([name, some]) => some.map((address) => `${address} ${name}\n`))
      writeFileSync(hosts, lines.join(''))
      // It reads the file anew, and forgets what it knew.
      running?.kill('SIGHUP')
    },
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves once it says anything at all; rejects with its own words when it has ended. */
async function answers(port: number, { exited, stderr }: { exited: Promise<number>; stderr: ReadableStream }) {
  const ended = exited.then(async (code) => {
    throw new Error(`dnsmasq ended with ${code}: ${await new Response(stderr).text()}`)
  })
  const { promise: heard, resolve } = Promise.withResolvers<void>()
  const socket = await Bun.udpSocket({
    connect: { hostname: '127.0.0.1', port },
    // Refused is as good as not answered.
    socket: { data: () => resolve(), error: () => undefined },
  })
  // One question about "a.test", again until somebody listens.
  const question = Buffer.from('000101000001000000000000016104746573740000010001', 'hex')
  const timer = setInterval(() => socket.send(question), 20)
  try {
    await Promise.race([heard, ended])
  } finally {
    clearInterval(timer)
    socket.close()
    ended.catch(() => undefined)
  }
}
