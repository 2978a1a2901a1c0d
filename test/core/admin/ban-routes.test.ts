import { describe, expect, test } from 'bun:test'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import type { AdminBans } from '../../../core/admin/source.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'

/** A handler, and whom it was asked to let back in. */
function start(bans?: AdminBans) {
  const access = () => ({ kind: 'changes-guarded', token: new Secret('change'), advice: '' }) as const
  const handle = createAdminHandler({ access, source: fakeAdminSource({ bans }) })
  return (method: string, path: string, token = 'change') =>
    handle(
      adminRequest(path, { method, headers: { host: 'localhost', authorization: `Bearer ${token}` } }),
      '127.0.0.1',
    )
}

describe('bans', () => {
  test('are listed', async () => {
    const heard: unknown[] = []
    const bans = [{ address: '192.0.2.1', until: '2026-11-26T12:00:00.000Z' }]
    const ask = start({ list: (most) => (heard.push(most), { total: 7, bans }), lift: () => undefined })
    const response = await ask('GET', '/api/bans')
    expect([response.status, await response.json(), heard]).toEqual([200, { total: 7, bans }, [1000]])
  })

  test('are none where nobody is ever kept out', async () => {
    const ask = start()
    expect(await (await ask('GET', '/api/bans')).json()).toEqual({ total: 0, bans: [] })
    expect((await ask('DELETE', '/api/bans/192.0.2.1')).status).toBe(404)
  })

  test('are lifted by address, and by who asked', async () => {
    const heard: unknown[] = []
    const lift = (address: string, origin: string) => {
      heard.push([address, origin])
      return address === '2001:db8::1' ? '2001:db8::/64' : undefined
    }
    const ask = start({ list: () => ({ total: 0, bans: [] }), lift })
    const lifted = await ask('DELETE', '/api/bans/2001:db8::1')
    expect([lifted.status, await lifted.json()]).toEqual([200, { address: '2001:db8::/64' }])
    const unknown = await ask('DELETE', `/api/bans/${'x'.repeat(1000)}`)
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({
      detail: `${'x'.repeat(100)} is not kept out; GET /api/bans lists who is.`,
    })
    expect((await ask('DELETE', '/api/bans/192.0.2.1', 'guess')).status).toBe(401)
    expect(heard).toHaveLength(2)
    expect(heard[0]).toEqual(['2001:db8::1', 'api from 127.0.0.1'])
  })
})
