import { describe, expect, test } from 'bun:test'
import { catalogue, sets } from '../../bench/scenarios/catalogue.ts'
import { roster } from '../../bench/peers/roster.ts'
import { main } from '../../cli/main.ts'
import { fakeIo } from '../support/service-io.ts'

async function bench(...args: string[]) {
  const io = fakeIo()
  return { code: await main(['bench', ...args], io), out: io.out(), err: io.err() }
}

describe('bench', () => {
  test('tells of every scenario, set and rival in its help', async () => {
    const { code, out } = await bench('--help')
    expect(code).toBe(0)
    const names = [...catalogue, ...roster].map(({ name }) => name).concat(Object.keys(sets))
    expect(names.filter((name) => !new RegExp(`[ (]${name}[ ,;.\n]`).test(out))).toEqual([])
  })

  test.each(['rounds', 'seconds', 'connections', 'rate'])('takes numbers alone for --%s', async (name) => {
    for (const text of ['', 'many', '-1', '1e9', '0x10', '1.', 'NaN', '9'.repeat(400)]) {
      const { code, out, err } = await bench(`--${name}=${text}`)
      expect([text, code, out]).toEqual([text, 2, ''])
      expect(err).toMatch(/^smartedge: --\w+ must be a number, such as 3 or 0\.5, got '/)
    }
  })

  test.each([
    [['nonsense'], "no scenario 'nonsense'; there are default, quick"],
    [['steady', '--against', 'apache'], "no contestant 'apache'; there are smartedge, nginx"],
    [['--rounds', '0'], '--rounds must be 1..100, got 0'],
    [['--plugin', 'nowhere.ts'], "--plugin must be strategy files, got 'nowhere.ts'"],
    [['--html', 'steady'], "--html must be a file that ends in .html, got 'steady'"],
    [['--markdown', 'a/b/c.md'], "--markdown must be in a folder that exists and can be written to, got 'a/b/c.md'"],
    [['--target', 'http://192.0.2.1/'], '192.0.2.1 is not this machine'],
  ])('refuses %p before it starts anything', async (args, message) => {
    const { code, out, err } = await bench(...args)
    expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 2, out: '', lines: 2 })
    expect(err).toStartWith(`smartedge: ${message}`)
  })
})
