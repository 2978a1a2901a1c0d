/** A name server on a loopback port: answers A and AAAA questions from a table that the test may change at any time. */
import { isIP } from 'node:net'

/** What it says of a name: its addresses (none: there is such a name, without any), a refusal, or nothing at all. */
export type Records = { readonly addresses: readonly string[]; readonly ttl: number } | 'fails' | 'silent'

export interface NameServer {
  /** For `Resolver.setServers`. */
  readonly address: string
  /** By full name; others do not exist. */
  readonly records: Map<string, Records>
  /** Questions in order, `name A` or `name AAAA`. */
  readonly asked: string[]
  stop(): void
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' }

export async function startNameServer(): Promise<NameServer> {
  const records = new Map<string, Records>()
  const asked: string[] = []
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data(self, query, port, address) {
        const { name, type, end } = readQuestion(query)
        asked.push(`${name} ${TYPES[type] ?? type}`)
        const known = records.get(name)
        if (known !== 'silent') self.send(answer(query, end, type, known), port, address)
      },
    },
  })
  return { address: `127.0.0.1:${socket.port}`, records, asked, stop: () => socket.close() }
}

/** RFC 1035 4.1.2; `end` is the offset behind the question. */
function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** RFC 1035 4.1.1 and 4.1.3: the question again, and a record for each address of the family asked for. */
function answer(query: Buffer, end: number, type: number, known: Exclude<Records, 'silent'> | undefined): Buffer {
  const family = type === 1 ? 4 : 6
  const found = typeof known === 'object' ? known.addresses.filter((address) => isIP(address) === family) : []
  const head = Buffer.from(query.subarray(0, 12))
  const responseCode = known === undefined ? 3 : known === 'fails' ? 2 : 0
  head.writeUInt16BE(0x8180 | responseCode, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(found.length, 6)
  head.writeUInt32BE(0, 8)
  const ttl = typeof known === 'object' ? known.ttl : 0
  return Buffer.concat([head, query.subarray(12, end), ...found.map((address) => record(address, type, ttl))])
}

function record(address: string, type: number, ttl: number): Buffer {
  const data = type === 1 ? Buffer.from(address.split('.').map(Number)) : v6Bytes(address)
  const head = Buffer.alloc(12)
  // The name: a pointer to the question's.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

/** Written in full or with `::`. */
function v6Bytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const zeros = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0')
  const all = address.includes('::') ? [...groups(head), ...zeros, ...groups(tail)] : groups(head)
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
