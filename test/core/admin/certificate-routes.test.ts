import { describe, expect, test } from 'bun:test'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import type { AdminCertificates, ImportedCertificate } from '../../../core/admin/source.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { sampleCertificate } from '../../support/sample-certificate.ts'

function start(
  imported: ImportedCertificate = { kind: 'imported', names: ['a.test'], notAfter: '2027-01-01T00:00:00.000Z' },
) {
  const heard: unknown[] = []
  const certificates: AdminCertificates = {
    list: () => [sampleCertificate()],
    renew: (name, origin) => (heard.push([name, origin]), name === 'a.test'),
    import: async (pair, origin) => (heard.push([pair, origin]), imported),
  }
  const access = () => ({ kind: 'changes-guarded', token: new Secret('change'), advice: '' }) as const
  const handle = createAdminHandler({ access, source: fakeAdminSource({ certificates }) })
  const ask = async (method: string, path: string, body?: string, token = 'change') => {
    const headers = { host: 'localhost', authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await handle(
      adminRequest(path, { method, headers, ...(body !== undefined && { body }) }),
      '127.0.0.1',
    )
    return { status: response.status, said: await response.json() }
  }
  return { heard, ask }
}

const pair = JSON.stringify({ certificate: 'PEM', key: 's3cret' })

describe('certificates', () => {
  test('are listed for whoever may read', async () => {
    expect(await start().ask('GET', '/api/certificates', undefined, '')).toEqual({
      status: 200,
      said: { certificates: [sampleCertificate()] },
    })
  })

  test('are ordered by name, in any case, for whoever may change things', async () => {
    const { ask, heard } = start()
    expect(await ask('POST', '/api/certificates/A.test/renew')).toEqual({ status: 202, said: { name: 'a.test' } })
    expect((await ask('POST', '/api/certificates/b.test/renew')).status).toBe(404)
    expect((await ask('POST', '/api/certificates/a.test/renew', undefined, 'guess')).status).toBe(401)
    expect(heard).toEqual([
      ['a.test', 'api from 127.0.0.1'],
      ['b.test', 'api from 127.0.0.1'],
    ])
  })

  test('are imported', async () => {
    const { ask, heard } = start()
    expect(await ask('POST', '/api/certificates', pair)).toEqual({
      status: 201,
      said: { names: ['a.test'], notAfter: '2027-01-01T00:00:00.000Z' },
    })
    expect(heard).toEqual([[{ certificate: 'PEM', key: 's3cret' }, 'api from 127.0.0.1']])
    expect((await ask('POST', '/api/certificates', pair, 'guess')).status).toBe(401)
  })

  test('are not where they cannot be, and no answer shows a key', async () => {
    const faulty = start({ kind: 'fault', key: 'key', rule: 'must be another' })
    const refused = await faulty.ask('POST', '/api/certificates', pair)
    expect(refused).toMatchObject({ status: 422, said: { problems: [{ key: 'key', rule: 'must be another' }] } })
    const full = await start({ kind: 'unkept', reason: 'ENOSPC' }).ask('POST', '/api/certificates', pair)
    expect(full).toMatchObject({ status: 503, said: { detail: 'It could not be kept: ENOSPC.' } })
    const bodies = [
      '',
      '{',
      '[]',
      '{}',
      '{"certificate":1,"key":["s3cret"]}',
      '{"certificate":"a","key":"s3cret","x":1}',
    ]
    for (const body of bodies) {
      const { status, said } = await start().ask('POST', '/api/certificates', body)
      expect([400, 415, 422]).toContain(status)
      expect(JSON.stringify(said)).not.toContain('s3cret')
    }
    expect(JSON.stringify([refused, full])).not.toContain('s3cret')
  })
})
