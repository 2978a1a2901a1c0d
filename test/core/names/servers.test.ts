import { expect, test } from 'bun:test'
import { parseServers } from '../../../core/names/servers.ts'

const addresses = (text: string) => parseServers(text).map(({ address }) => address)

test.each([
  ['', ['127.0.0.1']],
  ['# nameserver 10.0.0.1\n; nameserver 10.0.0.2\n', ['127.0.0.1']],
  ['nameserver 10.0.0.1\nsearch a.test\nnameserver\t10.0.0.2\n', ['10.0.0.1', '10.0.0.2']],
  ['nameserver fe80::1%eth0\nnameserver dns.test\nnameserver', ['fe80::1%eth0']],
  ['nameserver 10.0.0.1\n'.repeat(9), ['10.0.0.1', '10.0.0.1', '10.0.0.1']],
])('the name servers of %j', (text, servers) => expect(addresses(text)).toEqual(servers))
