/** Servers that tell SmartEdge members, each of its own kind: a registry for `found-members.ts`. */
import { startDnsmasq } from './dnsmasq.ts'
import { addressOf, type Registry } from './found-members.ts'
import { startListServer } from './list-server.ts'

const urlOf = (number: number, port: number): string => `http://${addressOf(number)}:${port}`

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

export const registries: Readonly<Record<string, () => Promise<Registry>>> = {
  dns,
  http: http(),
  'http, held back': http('30s'),
}
