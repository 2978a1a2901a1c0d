/**
 * Containers of Podman as members, told of by its service: `apt-get install podman runc busybox-static`, as root. Not for the
 * suite: containers do not run everywhere that tests do.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Registry } from './found-members.ts'

const podman = async (...args: readonly string[]): Promise<string> => {
  const child = Bun.spawn({ cmd: ['podman', '--runtime', 'runc', ...args], stdout: 'pipe', stderr: 'pipe' })
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()])
  if ((await child.exited) !== 0) throw new Error(`podman ${args.join(' ')}: ${errors}`)
  return out
}

const nameOf = (number: number): string => `smartedge-test-${number}`
const ulimits = ['nofile', 'nproc'].flatMap((name) => ['--ulimit', `${name}=1000:1000`])

/** An image of busybox alone, whose httpd serves the container's number. */
async function buildImage(folder: string): Promise<void> {
  const root = join(folder, 'root')
  await Bun.$`mkdir -p ${root}/bin ${root}/www ${root}/etc ${root}/tmp && cp /bin/busybox ${root}/bin/ && ln -s busybox ${root}/bin/sh`
  await Bun.$`tar -C ${root} -cf ${folder}/root.tar .`
  await podman('import', join(folder, 'root.tar'), 'smartedge-test')
}

export async function startPodman(): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-podman-'))
  const socket = join(folder, 'podman.sock')
  await buildImage(folder)
  const running = new Set<number>()
  let service: Bun.Subprocess | undefined

  const start = async (): Promise<void> => {
    service = Bun.spawn({
      cmd: ['podman', '--runtime', 'runc', 'system', 'service', '-t', '0', `unix://${socket}`],
      stdout: 'ignore',
      stderr: 'ignore',
    })
    for (;;) {
      const isThere = await fetch('http://podman/_ping', { unix: socket }).then(
        ({ ok }) => ok,
        () => false,
      )
      if (isThere) return
      await Bun.sleep(20)
    }
  }
  const stop = async (): Promise<void> => {
    service?.kill('SIGKILL')
    await service?.exited
    rmSync(socket, { force: true })
  }
  const run = async (number: number): Promise<void> => {
    // Told to stop it takes no more connections, and ends what it has begun, as a server should.
    const script = `echo -n ${number} >/www/index.html
      trap 'kill $httpd; /bin/busybox sleep 0.2; exit' TERM
      /bin/busybox httpd -f -p 8080 -h /www & httpd=$!; wait $httpd`
    const labels = ['--label', 'smartedge.enable=true', '--label', 'smartedge.port=8080']
    await podman(
      'run',
      '-d',
      '--name',
      nameOf(number),
      ...ulimits,
      ...labels,
      'smartedge-test',
      '/bin/busybox',
      'sh',
      '-c',
      script,
    )
    running.add(number)
  }
  const end = async (number: number): Promise<void> => {
    await podman('stop', '--time', '5', nameOf(number))
    await podman('rm', nameOf(number))
    running.delete(number)
  }
  await start()
  return {
    hasBackends: true,
    discovery: () => ({ docker: { host: `unix://${socket}` } }),
    async list(_port, ...numbers) {
      for (const number of numbers) if (!running.has(number)) await run(number)
      for (const number of running) if (!numbers.includes(number)) await end(number)
    },
    takeAway: stop,
    bringBack: start,
    async [Symbol.asyncDispose]() {
      for (const number of running) await end(number)
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
