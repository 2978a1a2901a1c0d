import { expect, test } from 'bun:test'
import { inTurn, type OwnWord } from '../../../core/discovery/own-words.ts'

const list = (members: string): OwnWord => ({ kind: 'publish', members })
const confirm: OwnWord = { kind: 'confirm' }
const lose = (reason: string): OwnWord => ({ kind: 'lose', reason })

test.each<[string, readonly OwnWord[], readonly OwnWord[]]>([
  ['one goes at once', [list('a')], [list('a')]],
  ['of several lists the newest follows', [list('a'), list('b'), list('c')], [list('a'), list('c')]],
  ['what is said behind a list follows it', [list('a'), list('b'), lose('x')], [list('a'), list('b'), lose('x')]],
  ['of what is said the newest follows', [list('a'), lose('x'), confirm], [list('a'), confirm]],
  ['a list takes back what was said before it', [list('a'), lose('x'), list('b')], [list('a'), list('b')]],
])('%s', (_what, told, expected) => {
  const said: OwnWord[] = []
  const words = inTurn((word) => said.push(word))
  for (const word of told) words.tell(word)
  expect(said).toEqual(expected.slice(0, 1))
  for (const [index] of expected.entries()) {
    words.taken()
    expect(said).toEqual(expected.slice(0, index + 2))
  }
})

test('once all was taken the next goes at once', () => {
  const said: OwnWord[] = []
  const words = inTurn((word) => said.push(word))
  words.tell(confirm)
  words.taken()
  words.tell(list('a'))
  expect(said).toEqual([confirm, list('a')])
})
