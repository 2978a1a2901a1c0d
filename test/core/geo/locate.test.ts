import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocator } from '../../../core/geo/locate.ts'
import type { GeoPolicy } from '../../../core/geo/policy.ts'
import { encodeMmdb } from '../../support/mmdb.ts'

const berlin = { latitude: 52.5, longitude: 13.4 }
const nowhere = { zone: undefined, place: undefined }
const policy = { header: 'x-geo', table: [], database: undefined }

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geo-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function databaseOf(...parameters: Parameters<typeof encodeMmdb>): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.mmdb`)
  await Bun.write(path, encodeMmdb(...parameters))
  return path
}

/** The message it is refused with. */
const faultOf = (given: GeoPolicy): Promise<string> =>
  createLocator(given).then(
    () => 'no fault',
    (error: Error) => error.message,
  )

describe('header', () => {
  test.each([
    ['eu-1', { zone: 'eu-1', place: undefined }],
    [' DE ', { zone: 'DE', place: undefined }],
    ['rack 7, row 2', { zone: 'rack 7, row 2', place: undefined }],
    ['52.5,13.4', { zone: undefined, place: berlin }],
    ['52.5 , 13.4', { zone: undefined, place: berlin }],
    ['-90,-180', { zone: undefined, place: { latitude: -90, longitude: -180 } }],
  ])('reads %p', async (header, found) => {
    const locator = await createLocator(policy)
    expect(locator.find('192.0.2.1', header)).toEqual(found)
  })

  test.each([
    '',
    ' ',
    '91,0',
    '0,181',
    '-90.5 , 0',
    'ü',
    'x'.repeat(65),
    'x'.repeat(1e6),
    '\0',
    'a\tb',
    '5'.repeat(400) + ',1',
  ])('makes nothing of %#', async (header) => {
    const locator = await createLocator(policy)
    expect(locator.find('192.0.2.1', header)).toEqual(nowhere)
  })
})

describe('table', () => {
  const table = [
    { cidr: '10.0.0.0/8', zone: 'wide', place: undefined },
    { cidr: '10.1.0.0/16', zone: 'narrow', place: berlin },
    { cidr: '2001:db8::/32', zone: undefined, place: berlin },
  ]

  test('finds the longest prefix', async () => {
    const locator = await createLocator({ ...policy, table })
    expect(locator.find('10.1.2.3', undefined)).toEqual({ zone: 'narrow', place: berlin })
    expect(locator.find('10.2.2.3', undefined)).toEqual({ zone: 'wide', place: undefined })
    expect(locator.find('::ffff:10.1.2.3', undefined).zone).toBe('narrow')
    expect(locator.find('2001:db8::9', undefined)).toEqual({ zone: undefined, place: berlin })
    expect(locator.find('192.0.2.1', undefined)).toEqual(nowhere)
  })

  test('gives way to the header and adds what it left open', async () => {
    const locator = await createLocator({ ...policy, table })
    expect(locator.find('10.1.2.3', 'asia')).toEqual({ zone: 'asia', place: berlin })
    expect(locator.find('10.1.2.3', 'no zöne')).toEqual({ zone: 'narrow', place: berlin })
  })

  test('refuses an entry that is no block', async () => {
    const table = [{ cidr: 'x', zone: 'a', place: undefined }]
    expect(await faultOf({ ...policy, table })).toBe('"x" must be an IP address or a CIDR block')
  })
})

describe('database', () => {
  const nested = {
    continent: { code: 'EU' },
    country: { iso_code: 'DE' },
    location: { latitude: 52.5, longitude: 13.4 },
  }

  test.each([
    ['nested fields', nested, { zone: 'DE', place: berlin }],
    ['a continent alone', { continent: { code: 'EU' } }, { zone: 'EU', place: undefined }],
    ['flat codes', { country_code: 'FR', continent_code: 'EU' }, { zone: 'FR', place: undefined }],
    [
      'flat text and coordinates',
      { country: 'FR', lat: '48.5', lng: '2.5' },
      { zone: 'FR', place: { latitude: 48.5, longitude: 2.5 } },
    ],
    [
      'flat numbers',
      { latitude: -36.5, longitude: 174.5 },
      { zone: undefined, place: { latitude: -36.5, longitude: 174.5 } },
    ],
    ['a place off the earth', { country: 'FR', lat: 500, lng: 2 }, { zone: 'FR', place: undefined }],
    ['fields of odd types', { country: ['x'], continent: 7, location: 'here', lat: true }, nowhere],
    ['an empty record', {}, nowhere],
    ['a bare text', 'DE', nowhere],
  ])('reads %s', async (_, data, found) => {
    const database = await databaseOf([{ block: '192.0.2.0/24', data }])
    const locator = await createLocator({ ...policy, database })
    expect(locator.find('192.0.2.77', undefined)).toEqual(found)
    expect(locator.find('192.0.3.77', undefined)).toEqual(nowhere)
  })

  test('finds IPv4, IPv6 and mapped addresses, the longest prefix first', async () => {
    const database = await databaseOf([
      { block: '10.0.0.0/8', data: { country: 'AA' } },
      { block: '10.9.0.0/16', data: { country: 'BB' } },
      { block: '2001:db8::/32', data: { country: 'CC' } },
    ])
    const { find } = await createLocator({ ...policy, database })
    expect(
      ['10.1.1.1', '10.9.1.1', '::ffff:10.9.1.1', '2001:db8::1', '2001:db9::1'].map((one) => find(one, undefined).zone),
    ).toEqual(['AA', 'BB', 'BB', 'CC', undefined])
  })

  test('knows no IPv6 address of an IPv4 database', async () => {
    const database = await databaseOf([{ block: '10.0.0.0/8', data: { country: 'AA' } }], 4)
    const { find } = await createLocator({ ...policy, database })
    expect(find('10.1.1.1', undefined).zone).toBe('AA')
    expect(find('2001:db8::1', undefined)).toEqual(nowhere)
  })

  test('comes after header and table', async () => {
    const database = await databaseOf([{ block: '10.0.0.0/8', data: nested }])
    const { find } = await createLocator({
      ...policy,
      table: [{ cidr: '10.0.0.0/9', zone: 'table', place: undefined }],
      database,
    })
    expect(find('10.1.1.1', undefined)).toEqual({ zone: 'table', place: berlin })
    expect(find('10.1.1.1', 'header')).toEqual({ zone: 'header', place: berlin })
    expect(find('10.200.1.1', undefined)).toEqual({ zone: 'DE', place: berlin })
  })

  test.each(['', 'unix', '10.0.0', '999.1.1.1', '::1%lo', 'x'.repeat(100_000)])(
    'knows nothing of the address %#',
    async (address) => {
      const database = await databaseOf([{ block: '0.0.0.0/0', data: nested }])
      const { find } = await createLocator({ ...policy, database })
      expect(find(address, undefined)).toEqual(nowhere)
    },
  )

  test('names a missing file and says what to do', async () => {
    const database = join(folder, 'absent.mmdb')
    const message = `must be a readable .mmdb file, got ${database}: it does not exist; download a database, or take geo.database out of the config`
    expect(await faultOf({ ...policy, database })).toStartWith(message)
  })

  test('refuses a folder', async () => {
    expect(await faultOf({ ...policy, database: folder })).toStartWith(
      `must be a readable .mmdb file, got ${folder}: it cannot be read (EISDIR)`,
    )
  })

  const whole = encodeMmdb([{ block: '10.0.0.0/8', data: nested }])
  test.each([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('not a database\n'.repeat(100))],
    ['gzip', Buffer.from(Bun.gzipSync(new Uint8Array(whole)))],
    ['without its end', whole.subarray(0, -40)],
    ['without its beginning', whole.subarray(whole.length - 200)],
    ['cut at the metadata', whole.subarray(0, whole.indexOf('MaxMind.com') + 11)],
    ['zeroed', Buffer.alloc(5000)],
  ])('refuses a file that is %s', async (name, bytes) => {
    const database = join(folder, `${name}.mmdb`)
    await Bun.write(database, new Uint8Array(bytes))
    expect(await faultOf({ ...policy, database })).toStartWith(
      `must be a readable .mmdb file, got ${database}: it is damaged`,
    )
  })

  test('knows nothing where a record is broken, and never throws', async () => {
    const bytes = Buffer.from(whole)
    const from = bytes.indexOf('continent') - 1
    for (let at = from; at < from + 60; at += 1) {
      const database = join(folder, `broken-${at}.mmdb`)
      const broken = Buffer.from(bytes)
      broken[at] = 0xff
      await Bun.write(database, broken)
      const { find } = await createLocator({ ...policy, database })
      expect(typeof find('10.1.1.1', undefined)).toBe('object')
    }
  })
})
