import { describe, expect, test } from 'bun:test'
import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../core/config/load.ts'
import { startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { encodeMmdb } from '../support/mmdb.ts'

/** A database by which this machine lies in that country. */
const database = (country: string): Buffer =>
  encodeMmdb([{ block: '127.0.0.0/8', data: { country: { iso_code: country } } }])

/** Backends in two zones that say which, and an edge on real files that asks the one in the client's zone. */
async function locating() {
  await using stack = new AsyncDisposableStack()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-geo-')))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const backends = ['DE', 'FR'].map((zone) => {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(zone) })
    stack.defer(() => server.stop(true))
    return { url: `http://127.0.0.1:${server.port}`, zone }
  })
  const path = join(folder, 'edge.json')
  const save = (bytes: Buffer | string): void => {
    writeFileSync(join(folder, 'geo.mmdb.new'), bytes)
    renameSync(join(folder, 'geo.mmdb.new'), join(folder, 'geo.mmdb'))
  }
  save(database('DE'))
  const config = {
    listeners: { web: { address: '127.0.0.1:0' } },
    admin: false,
    geo: { database: './geo.mmdb' },
    pools: { web: { backends, strategy: 'geo-affinity' } },
  }
  writeFileSync(path, JSON.stringify(config))
  const place = { path, kind: 'config' } as const
  const loaded = loadConfig({ place, cwd: folder, env: {} })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded.problems))
  const told: { events: EdgeEvent[]; wake: () => void } = { events: [], wake: () => undefined }
  const emit = (event: EdgeEvent): void => {
    told.events.push(event)
    told.wake()
  }
  const files = { place, cwd: folder, env: {}, isWatched: true }
  const edge = await startEdge({ config: loaded.config, files, emit })
  stack.defer(() => edge.kill())
  const address = edge.addresses[0]?.address
  const port = address?.kind === 'tcp' ? address.port : 0
  /** The next event of this kind. */
  const next = async <K extends EdgeEvent['kind']>(kind: K): Promise<EdgeEvent & { kind: K }> => {
    for (;;) {
      const at = told.events.findIndex((event) => event.kind === kind)
      if (at >= 0) return told.events.splice(at, 1)[0] as EdgeEvent & { kind: K }
      await new Promise<void>((resolve) => (told.wake = resolve))
    }
  }
  const ask = () => fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then((got) => got.text())
  const owned = stack.move()
  return { save, ask, next, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

describe('a saved database of places', () => {
  test('is live by itself, and a damaged one changes nothing', async () => {
    await using edge = await locating()
    expect(await edge.ask()).toBe('DE')
    edge.save(database('FR'))
    expect(await edge.next('reloaded')).toMatchObject({ origin: 'watch', summary: 'geo.database read anew' })
    expect(await edge.ask()).toBe('FR')
    edge.save('no database')
    const failed = await edge.next('reload-failed')
    expect(failed).toMatchObject({ origin: 'watch', kept: ['geo.database'] })
    expect(failed.problems.join()).toMatch(
      /edge\.json:1:\d+: geo\.database must be a readable \.mmdb file, got .*geo\.mmdb: it is damaged/,
    )
    expect(await edge.ask()).toBe('FR')
    edge.save(database('DE'))
    expect((await edge.next('reloaded')).summary).toBe('geo.database read anew')
    expect(await edge.ask()).toBe('DE')
  })
})
