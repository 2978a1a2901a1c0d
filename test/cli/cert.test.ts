import { afterEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { certImport, certList, certRenew, certShow } from '../../cli/commands/cert.ts'
import type { AdminCertificates } from '../../core/admin/source.ts'
import { fakeAdminSource } from '../support/admin-source.ts'
import { adminServer, urlOf } from '../support/admin-server.ts'
import { missingCertificate, sampleCertificate } from '../support/sample-certificate.ts'
import { fakeIo } from '../support/service-io.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function start(fault?: 'certificate' | 'key') {
  const heard: unknown[] = []
  const certificates: AdminCertificates = {
    list: () => [sampleCertificate(), missingCertificate()],
    renew: (name) => (heard.push(name), name === 'a.test'),
    import: async (pair) => {
      heard.push(pair)
      if (fault !== undefined) return { kind: 'fault', key: fault, rule: 'must be another' }
      return { kind: 'imported', names: ['a.test'], notAfter: '2027-01-01T00:00:00.000Z' }
    },
  }
  const server = await adminServer({ source: fakeAdminSource({ certificates }) })
  return { heard, url: urlOf(server) }
}

describe('cert', () => {
  test('lists', async () => {
    const { url } = await start()
    const io = fakeIo()
    expect(await certList(io, { url })).toBe(0)
    expect(io.out()).toContain('a.test')
    expect(io.out()).toEndWith('1 certificate, 1 missing\n')
    const json = fakeIo()
    await certList(json, { url, json: true })
    expect(JSON.parse(json.out())).toEqual({ certificates: [sampleCertificate(), missingCertificate()] })
  })

  test('shows one by any of its names, and says which are meant', async () => {
    const { url } = await start()
    const io = fakeIo()
    expect(await certShow(io, 'A.test', { url })).toBe(0)
    expect(io.out()).toContain('Some CA')
    const other = fakeIo()
    expect(await certShow(other, 'aa.test', { url })).toBe(1)
    expect(other.err()).toBe('smartedge: there is no certificate for aa.test (did you mean "a.test"?)\n')
  })

  test('orders one', async () => {
    const { url, heard } = await start()
    const io = fakeIo()
    expect(await certRenew(io, 'a.test', { url })).toBe(0)
    expect(io.out()).toStartWith('a.test is being ordered')
    expect(await certRenew(fakeIo(), 'b.test', { url })).toBe(1)
    expect(heard).toEqual(['a.test', 'b.test'])
  })

  test('imports one of two files', async () => {
    const { url, heard } = await start()
    const folder = temporaryFolder()
    await Bun.write(join(folder, 'cert.pem'), 'CERT')
    await Bun.write(join(folder, 'key.pem'), 'KEY')
    const io = fakeIo({ cwd: folder })
    expect(await certImport(io, { certificate: 'cert.pem', key: 'key.pem' }, { url })).toBe(0)
    expect(io.out()).toBe('serves a.test from now on, until 2027-01-01T00:00:00.000Z\n')
    expect(heard).toEqual([{ certificate: 'CERT', key: 'KEY' }])
    const none = fakeIo({ cwd: folder })
    expect(await certImport(none, { certificate: 'cert.pem', key: 'none.pem' }, { url })).toBe(1)
    expect(none.err()).toStartWith('smartedge: none.pem cannot be imported')
  })

  test.each([
    ['certificate', 'smartedge: cert.pem must be another\n'],
    ['key', 'smartedge: key.pem must be another\n'],
  ] as const)('tells which file is refused: the %s', async (part, words) => {
    const { url } = await start(part)
    const folder = temporaryFolder()
    await Bun.write(join(folder, 'cert.pem'), 'CERT')
    await Bun.write(join(folder, 'key.pem'), 'KEY')
    const io = fakeIo({ cwd: folder })
    expect(await certImport(io, { certificate: 'cert.pem', key: 'key.pem' }, { url })).toBe(1)
    expect(io.err()).toBe(words)
  })

  test('says it where nobody answers', async () => {
    const io = fakeIo()
    expect(await certList(io, { url: 'http://127.0.0.1:1' })).toBe(69)
  })
})
