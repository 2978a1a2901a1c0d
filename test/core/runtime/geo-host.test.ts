import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GeoPolicy } from '../../../core/geo/policy.ts'
import { Refusal } from '../../../core/part.ts'
import { GeoHost } from '../../../core/runtime/geo-host.ts'
import { testConfig } from '../../support/edge.ts'
import { encodeMmdb } from '../../support/mmdb.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smartedge-geo-'))
  path = join(folder, 'geo.mmdb')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A database by which everybody in 192.0.2.0/24 is in that country. */
const database = (country: string): Buffer =>
  encodeMmdb([{ block: '192.0.2.0/24', data: { country: { iso_code: country } } }])

const policy = (facts: Partial<GeoPolicy> = {}): GeoPolicy => ({
  header: undefined,
  table: [],
  database: path,
  ...facts,
})

/** What a part does with `geo`, told in short: whether it is news, and what it keeps. */
function hosting() {
  const host = new GeoHost()
  const prepare = (geo: GeoPolicy | undefined) => host.prepare(testConfig({ geo }))
  const take = async (geo: GeoPolicy | undefined) => {
    const move = await prepare(geo)
    move.commit()
    return { isNews: move.isNews, kept: move.kept?.map(({ message }) => message) ?? [] }
  }
  const zone = () => host.current?.find('192.0.2.7', undefined).zone
  return { host, prepare, take, zone }
}

/** As a tool does that replaces a file. */
function replace(bytes: Buffer | string): void {
  writeFileSync(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
}

describe('the locator in force', () => {
  test('is that of the last commit', async () => {
    const { host, prepare, take, zone } = hosting()
    expect(host.current).toBeUndefined()
    replace(database('DE'))
    const move = await prepare(policy())
    expect(zone()).toBeUndefined()
    move.commit()
    expect(zone()).toBe('DE')
    await take(policy({ header: 'x-zone', database: undefined }))
    expect([host.current?.header, zone()]).toEqual(['x-zone', undefined])
    await take(undefined)
    expect(host.current).toBeUndefined()
  })

  test('stays the same object while nothing changes', async () => {
    const { host, take } = hosting()
    replace(database('DE'))
    await take(policy())
    const { current } = host
    expect(await take(policy())).toEqual({ isNews: false, kept: [] })
    expect(host.current).toBe(current)
  })

  test('is left alone by a move that is abandoned', async () => {
    const { prepare, take, zone } = hosting()
    replace(database('DE'))
    await take(policy())
    replace(database('FR'))
    const move = await prepare(policy())
    move.abandon()
    expect(zone()).toBe('DE')
    expect(await take(policy())).toEqual({ isNews: true, kept: [] })
    expect(zone()).toBe('FR')
  })
})

describe('a database under the same config', () => {
  test.each([
    ['replaced', () => replace(database('FR'))],
    ['written over', () => writeFileSync(path, database('FR'))],
  ])('is read again when it was %s, and that is news', async (_, change) => {
    const { take, zone } = hosting()
    replace(database('DE'))
    await take(policy())
    change()
    expect(await take(policy())).toEqual({ isNews: true, kept: [] })
    expect(zone()).toBe('FR')
    expect(await take(policy())).toEqual({ isNews: false, kept: [] })
  })

  test.each([
    ['empty', '', 'damaged or in another format'],
    ['no database', 'x'.repeat(5000), 'damaged or in another format'],
    ['cut short', undefined, 'damaged or in another format'],
    ['gone', null, 'it does not exist'],
  ])('that is %s leaves the one before in force, and says why', async (_, bytes, why) => {
    const { take, zone } = hosting()
    replace(database('DE'))
    await take(policy())
    if (bytes === null) rmSync(path)
    else replace(bytes ?? database('FR').subarray(0, -60))
    for (let count = 0; count < 2; count += 1) {
      expect(await take(policy())).toEqual({ isNews: false, kept: [expect.stringContaining(why)] })
      expect(zone()).toBe('DE')
    }
    replace(database('FR'))
    expect(await take(policy())).toEqual({ isNews: true, kept: [] })
    expect(zone()).toBe('FR')
  })

  test('that has gone bad is not read again until it changes', async () => {
    const { prepare, take } = hosting()
    replace(database('DE'))
    await take(policy())
    replace('bad')
    const [first, second] = [await prepare(policy()), await prepare(policy())]
    expect(second.kept?.[0]).toBe(first.kept?.[0])
    replace('bad as well')
    expect((await prepare(policy())).kept?.[0]).not.toBe(first.kept?.[0])
  })

  test('that comes back as it was is no trouble any more', async () => {
    const { take, zone } = hosting()
    replace(database('DE'))
    await take(policy())
    renameSync(path, `${path}.old`)
    expect((await take(policy())).kept).toHaveLength(1)
    replace(database('DE'))
    expect((await take(policy())).kept).toEqual([])
    expect(zone()).toBe('DE')
  })
})

describe('another config', () => {
  test('whose database cannot be used is refused, and nothing has changed', async () => {
    const { prepare, take, zone } = hosting()
    replace(database('DE'))
    await take(policy())
    const other = join(folder, 'other.mmdb')
    const refusal = await prepare(policy({ database: other })).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Refusal)
    expect((refusal as Refusal).problems).toEqual([
      { key: 'geo.database', message: expect.stringContaining(`got ${other}: it does not exist`) },
    ])
    expect(zone()).toBe('DE')
  })

  test('is no news beside what the configs themselves show', async () => {
    const { take } = hosting()
    replace(database('DE'))
    expect((await take(policy())).isNews).toBe(false)
    expect((await take(policy({ header: 'x-zone' }))).isNews).toBe(false)
  })
})
