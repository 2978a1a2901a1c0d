/**
 * A certificate authority to try `acme` with: `bun scripts/try-acme.ts FOLDER` starts Debian's pebble, and writes a
 * configuration for it into the folder; `smartedge demo` serves it. It ends with Ctrl-C, and so does all that it issued.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startPebble } from '../test/support/pebble.ts'
import { freePorts } from '../test/support/ports.ts'

const folder = process.argv[2] ?? 'acme-site'
mkdirSync(folder, { recursive: true })
const pebble = await startPebble()
const [origin = 0, admin = 0] = freePorts(2)
const acme = { directory: pebble.directory, ca: pebble.ca, storage: './acme' }
const config = {
  listeners: { web: { address: `127.0.0.1:${pebble.tlsPort}`, tls: { acme } } },
  admin: { address: `127.0.0.1:${admin}` },
  routes: [{ match: { host: 'www.example.org' }, pool: 'web' }],
  pools: { web: { backends: [`http://127.0.0.1:${origin}`] } },
}
await Bun.write(join(folder, 'smartedge.config.json'), `${JSON.stringify(config, null, 2)}\n`)
await Bun.write(join(folder, 'root.pem'), await pebble.root())
console.log(
  [
    `pebble issues certificates at ${pebble.directory} until Ctrl-C. In another terminal:`,
    `  bin/smartedge demo ${join(folder, 'smartedge.config.json')}`,
    `and once it has its certificate:`,
    `  curl --cacert ${join(folder, 'root.pem')} --connect-to ::127.0.0.1:${pebble.tlsPort} https://www.example.org/`,
  ].join('\n'),
)
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
})
await pebble[Symbol.asyncDispose]()
process.exit(0)
