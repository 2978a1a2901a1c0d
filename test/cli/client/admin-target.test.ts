import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adminTarget, TargetError, type TargetOptions } from '../../../cli/client/admin-target.ts'

let cwd = ''
const write = (text: string, name = 'smartedge.config.json') => writeFileSync(join(cwd, name), text)
const config = (address: string, token?: string) =>
  JSON.stringify({ admin: { address, ...(token !== undefined && { token }) } })

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'smartedge-target-'))
})
afterAll(() => rmSync(cwd, { recursive: true }))

const target = (options: TargetOptions = {}, env: Readonly<Record<string, string>> = {}) =>
  adminTarget(options, { env, cwd })
const fault = (options: TargetOptions = {}, env: Readonly<Record<string, string>> = {}) => {
  try {
    return { url: target(options, env).url }
  } catch (error) {
    if (!(error instanceof TargetError)) throw error
    return { code: error.code, message: error.message }
  }
}

describe('whom a client command asks', () => {
  test('is the default where nothing says otherwise', () => {
    rmSync(join(cwd, 'smartedge.config.json'), { force: true })
    expect(target()).toMatchObject({ url: 'http://127.0.0.1:9900', token: undefined })
    expect(target({}, { SMARTEDGE_ADMIN_URL: '', SMARTEDGE_ADMIN_TOKEN: '' })).toMatchObject({
      url: 'http://127.0.0.1:9900',
      token: undefined,
    })
  })

  test('is --url, else -c, else the variable, else the configuration in the usual places', () => {
    write(config('127.0.0.1:1'))
    write(config('127.0.0.1:2'), 'named.json')
    write(config('127.0.0.1:4'), 'by-variable.json')
    const env = { SMARTEDGE_ADMIN_URL: 'http://127.0.0.1:3', SMARTEDGE_CONFIG: 'by-variable.json' }
    expect(target({ url: 'http://127.0.0.1:5', config: 'named.json' }, env).url).toBe('http://127.0.0.1:5')
    expect(target({ config: 'named.json' }, env).url).toBe('http://127.0.0.1:2')
    expect(target({}, env).url).toBe('http://127.0.0.1:3')
    expect(target({}, { SMARTEDGE_CONFIG: 'by-variable.json' }).url).toBe('http://127.0.0.1:4')
    expect(target()).toMatchObject({ url: 'http://127.0.0.1:1', config: 'smartedge.config.json' })
  })

  test.each([
    ['127.0.0.1:31900', 'http://127.0.0.1:31900'],
    ['localhost:9900/', 'http://localhost:9900'],
    ['[::1]:9900', 'http://[::1]:9900'],
    ['https://edge.example:9900/', 'https://edge.example:9900'],
    ['unix:/run/edge.sock', 'unix:/run/edge.sock'],
    ['/run/edge.sock', 'unix:/run/edge.sock'],
  ])('may be written %s', (url, expected) => {
    expect(target({ url }).url).toBe(expected)
  })

  test.each(['', '/', 'x', 'ftp://x', 'unix:', 'unix:relative', 'http://', 'a b:80', 'host:port'])(
    'is not %j',
    (url) => {
      expect(fault({ url })).toMatchObject({ code: 2 })
    },
  )

  test.each([
    ['0.0.0.0:7', 'http://127.0.0.1:7'],
    ['[::]:7', 'http://127.0.0.1:7'],
    ['[::1]:7', 'http://[::1]:7'],
    ['localhost:7', 'http://localhost:7'],
    ['unix:/run/a.sock', 'unix:/run/a.sock'],
  ])('is reached on this machine when the configuration says %s', (address, expected) => {
    write(config(address, 't'))
    expect(target()).toMatchObject({ url: expected, token: 't' })
  })

  test('is nobody when the configuration has no admin API, or an unknown port', () => {
    write('{ "admin": false }')
    expect(fault()).toEqual({ code: 2, message: expect.stringContaining('has no admin API') })
    write(config('127.0.0.1:0'))
    expect(fault()).toEqual({ code: 2, message: expect.stringContaining('lets the system choose the port') })
    write('{ "admin": { "address": 5 } }')
    expect(fault()).toEqual({
      code: 78,
      message: expect.stringMatching(/^smartedge\.config\.json:1:\d+: admin\.address /),
    })
    expect(fault({ url: 'localhost:1' })).toEqual({ url: 'http://localhost:1' })
    expect(fault({ url: 'localhost:1', config: 'smartedge.config.json' })).toMatchObject({ code: 78 })
  })

  test('is no other machine by a file that happens to lie there', () => {
    for (const address of ['192.0.2.1:9900', 'edge.example:9900']) {
      write(config(address, '${SECRET:-x}'))
      expect(fault()).toEqual({
        code: 2,
        message: expect.stringContaining(`on ${address}, no address of this machine`),
      })
      expect(fault({ config: 'smartedge.config.json' })).toEqual({ url: `http://${address}` })
    }
  })
})

describe('the token of a client command', () => {
  test('is the option, else the variable, else of the configuration', () => {
    write(config('127.0.0.1:1', 'of-config'))
    const env = { SMARTEDGE_ADMIN_TOKEN: 'of-env' }
    expect(target({ token: 'given' }, env)).toMatchObject({ token: 'given', tokenFrom: '--token' })
    expect(target({ token: 'given' }, env).mayBeAnother).toBeUndefined()
    expect(target({}, env)).toMatchObject({ token: 'of-env', tokenFrom: 'SMARTEDGE_ADMIN_TOKEN' })
    expect(target()).toMatchObject({ token: 'of-config', tokenFrom: 'smartedge.config.json', mayBeAnother: true })
  })

  test('of the configuration goes to the address beside it, and to no other', () => {
    write(config('127.0.0.1:1', 'of-config'))
    for (const url of ['http://127.0.0.1:1', 'localhost:1']) expect(target({ url }).token).toBe('of-config')
    for (const url of ['http://127.0.0.1:2', 'http://192.0.2.1:1', 'https://127.0.0.1:1'])
      expect(target({ url }).token).toBeUndefined()
    expect(target({}, { SMARTEDGE_ADMIN_URL: 'http://127.0.0.1:2' }).token).toBeUndefined()
  })

  test('of a configuration that was named goes where the options say', () => {
    write(config('127.0.0.1:1', 'of-named'), 'named.json')
    expect(target({ url: 'http://192.0.2.1:9', config: 'named.json' }).token).toBe('of-named')
  })
})
