import { describe, expect, test } from 'bun:test'
import { askAdmin } from '../../../cli/client/admin-client.ts'

describe('a client of the admin API', () => {
  test('names itself, and the dashboard besides', async () => {
    const agents: (string | null)[] = []
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch(request) {
        agents.push(request.headers.get('user-agent'))
        return Response.json({})
      },
    })
    try {
      const target = { url: `http://127.0.0.1:${server.port}`, token: undefined }
      await askAdmin(target, '/')
      await askAdmin({ ...target, client: 'top' }, '/', { method: 'PATCH', body: {} })
      expect(agents).toEqual([
        expect.stringMatching(/^smartedge\/[\d.]+$/),
        expect.stringMatching(/^smartedge\/[\d.]+ \(top\)$/),
      ])
    } finally {
      await server.stop(true)
    }
  })
})
