/** Servers that tell SmartEdge members, each of its own kind: a registry for `found-members.ts`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startConsul } from './consul.ts'
import { startDnsmasq } from './dnsmasq.ts'
import { addressOf, type Registry } from './found-members.ts'
import { startDocker } from './docker.ts'
import { startEtcd } from './etcd.ts'
import { endpoint, startKubernetes } from './kubernetes.ts'
import { startListServer } from './list-server.ts'

const urlOf = (number: number, port: number): string => `http://${addressOf(number)}:${port}`

async function consul(): Promise<Registry> {
  const server = startConsul()
  return {
    discovery: () => ({ consul: { address: server.url, service: 'web' } }),
    list: async (port, ...numbers) =>
      server.register(numbers.map((number) => ({ id: String(number), address: addressOf(number), port }))),
    takeAway: () => server.stop(),
    bringBack: async () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function dns(): Promise<Registry> {
  const dnsmasq = await startDnsmasq()
  const { address, port: at } = dnsmasq.server
  return {
    discovery: (port) => ({ dns: { name: 'web.test', port, resolvers: [`${address}:${at}`] } }),
    list: (_port, ...numbers) => dnsmasq.addresses({ 'web.test': numbers.map(addressOf) }),
    takeAway: () => dnsmasq.stop(),
    bringBack: () => dnsmasq.start(),
    [Symbol.asyncDispose]: () => dnsmasq[Symbol.asyncDispose](),
  }
}

async function docker(): Promise<Registry> {
  const server = startDocker()
  return {
    discovery: () => ({ docker: { host: `unix://${server.socket}` } }),
    async list(port, ...numbers) {
      const ports = [port]
      server.run(numbers.map((number) => ({ name: `web-${number}`, networks: { web: addressOf(number) }, ports })))
      server.event('start', 'any')
    },
    takeAway: () => server.stop(),
    bringBack: async () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function etcd(): Promise<Registry> {
  const server = await startEtcd()
  return {
    discovery: () => ({ etcd: { endpoints: [server.url], prefix: '/web/' } }),
    async list(port, ...numbers) {
      for (const number of numbers) await server.put(`/web/${number}`, urlOf(number, port))
      for (const number of [1, 2, 3]) if (!numbers.includes(number)) await server.delete(`/web/${number}`)
    },
    takeAway: () => server.stop(),
    bringBack: () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const http = (hold?: string) => async (): Promise<Registry> => {
  const server = startListServer()
  return {
    discovery: () => ({ http: { url: server.url, ...(hold !== undefined && { hold }) } }),
    list: async (port, ...numbers) => server.list(numbers.map((number) => urlOf(number, port))),
    takeAway: () => server.stop(),
    bringBack: async () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function kubernetes(): Promise<Registry> {
  const server = startKubernetes()
  return {
    discovery: () => ({ kubernetes: { service: 'web', address: server.url } }),
    async list(port, ...numbers) {
      const endpoints = numbers.map((number) => endpoint(addressOf(number)))
      server.put({ name: 'web-1', ports: [{ name: 'http', port, protocol: 'TCP' }], endpoints })
    },
    takeAway: () => server.stop(),
    bringBack: async () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A file of one's own that asks a server which SmartEdge knows nothing of. */
const OWN = `
import { defineSource } from 'smartedge/source'

export default defineSource<string>({
  apiVersion: 1,
  parse: (raw) => String(raw),
  async start(url, { publish, lose }) {
    for (;;) {
      await fetch(url)
        .then((answer) => answer.json())
        .then(({ backends }) => publish(backends), (error) => lose(String(error)))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  },
})
`

async function own(): Promise<Registry> {
  const server = startListServer()
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-own-'))
  const file = join(folder, 'mine.ts')
  writeFileSync(file, OWN)
  return {
    discovery: () => ({ source: { use: file, options: server.url } }),
    list: async (port, ...numbers) => server.list(numbers.map((number) => urlOf(number, port))),
    takeAway: () => server.stop(),
    bringBack: async () => server.start(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const registries: Readonly<Record<string, () => Promise<Registry>>> = {
  consul,
  dns,
  docker,
  etcd,
  http: http(),
  'http, held back': http('30s'),
  kubernetes,
  'a file of one’s own': own,
}
