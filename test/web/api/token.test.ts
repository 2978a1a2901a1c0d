import { afterEach, expect, test } from 'bun:test'
import { keepToken, readToken, tokenFields } from '../../../web/api/token.ts'

const held = Object.getOwnPropertyDescriptor(globalThis, 'sessionStorage')

/** A browser whose storage does as `storage` says; nothing of it there is nothing. */
function browserWith(storage: Partial<Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>>): void {
  Object.defineProperty(globalThis, 'sessionStorage', { configurable: true, value: storage })
}

function storageOf(items: Map<string, string>) {
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

afterEach(() => {
  keepToken(undefined)
  if (held === undefined) Reflect.deleteProperty(globalThis, 'sessionStorage')
  else Object.defineProperty(globalThis, 'sessionStorage', held)
})

test('is kept by the browser, and gone when it is taken back', () => {
  const items = new Map<string, string>()
  browserWith(storageOf(items))
  keepToken('abc')
  expect([readToken(), [...items.values()]]).toEqual(['abc', ['abc']])
  keepToken(undefined)
  expect([readToken(), items.size]).toEqual([undefined, 0])
})

test.each([
  ['nothing', {}],
  ['no more than there is', { ...storageOf(new Map()), setItem: () => void JSON.parse('full') }],
])('is kept by the page where the browser keeps %s', (_, storage) => {
  browserWith(storage)
  keepToken('abc')
  expect(readToken()).toBe('abc')
})

test.each([
  ['abc', 'Bearer abc'],
  ['“abc”', 'Bearer %E2%80%9Cabc%E2%80%9D'],
  ['a\r\nx: y', 'Bearer a%0D%0Ax:%20y'],
  ['\ud800', 'Bearer %EF%BF%BD'],
])('%j is sent as what a field may hold', (token, value) => {
  browserWith(storageOf(new Map()))
  keepToken(token)
  expect(new Headers(tokenFields()).get('authorization')).toBe(value)
})
