import { describe, expect, test } from 'bun:test'
import { readAddressList } from '../../../core/admission/address-list.ts'
import { readLines } from '../../../core/admission/line-file.ts'

const pause = async (): Promise<void> => undefined

async function entries(text: string): Promise<string[]> {
  const found: string[] = []
  await readLines({ path: '/etc/a.txt', text, pause }, (entry) => found.push(entry))
  return found
}

describe('a file of lines', () => {
  test.each([
    ['', []],
    ['\n\n  \n', []],
    ['a', ['a']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['  a  \n\tb', ['a', 'b']],
    ['# all of it\n#\n', []],
    ['a # why\nb#c\n', ['a', 'b#c']],
    ['a\t#why', ['a']],
    ['# c\r\na # why\r\n#\r\nb', ['a', 'b']],
  ])('holds in %j %j', async (text, expected) => {
    expect(await entries(text)).toEqual(expected)
  })

  test('tells each faulty line by its number, five at most', async () => {
    const text = `1.2.3.4\n\nnonsense\n10.0.0.1/8\n${'x\n'.repeat(100)}`
    const message = await readAddressList({ path: '/etc/a.txt', text, pause }).then(String, (error) => error.message)
    expect(message.split('\n')).toEqual([
      '/etc/a.txt:3:1: "nonsense" must be an IP address or a CIDR block',
      '/etc/a.txt:4:1: "10.0.0.1/8" must begin with its own network address',
      '/etc/a.txt:5:1: "x" must be an IP address or a CIDR block',
      '/etc/a.txt:6:1: "x" must be an IP address or a CIDR block',
      '/etc/a.txt:7:1: "x" must be an IP address or a CIDR block',
    ])
  })

  test('lets others go on every two thousand lines', async () => {
    const state = { pauses: 0, taken: 0 }
    const at: number[] = []
    await readLines(
      { path: '/a', text: 'a\n'.repeat(5000), pause: async () => void ((state.pauses += 1), at.push(state.taken)) },
      () => (state.taken += 1),
    )
    expect([state, at]).toEqual([{ pauses: 2, taken: 5000 }, [2000, 4000]])
  })
})

describe('a list of addresses', () => {
  test('holds addresses, blocks and those on Unix sockets', async () => {
    const text = '192.0.2.1\n10.0.0.0/8 # ours\n2001:db8::/32\nunix:\n'
    const set = await readAddressList({ path: '/a', text, pause })
    const held = ['192.0.2.1', '10.9.9.9', '2001:db8::1', ''].map((address) => set.has(address))
    expect([...held, set.has('192.0.2.2'), set.has('2001:db9::')]).toEqual([true, true, true, true, false, false])
  })

  test('that is empty holds nobody', async () => {
    const set = await readAddressList({ path: '/a', text: '# nobody\n', pause })
    expect([set.has('127.0.0.1'), set.has('')]).toEqual([false, false])
  })
})
