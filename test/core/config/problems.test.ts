import { describe, expect, test } from 'bun:test'
import {
  createProblemList,
  fileProblem,
  formatProblem,
  maxProblems,
  type Problem,
} from '../../../core/config/problems.ts'
import { displayName, formatKey } from '../../../core/config/read/reading.ts'

const problem: Problem = {
  file: 'a.json',
  line: 3,
  column: 5,
  key: 'pools.web',
  rule: 'must be an object',
  value: '5',
  hint: 'did you mean "x"?',
}

describe('formatProblem', () => {
  test('says where, which key, which rule, which value and what was meant', () => {
    expect(formatProblem(problem)).toBe('a.json:3:5: pools.web must be an object, got 5 (did you mean "x"?)')
  })

  test('leaves out what is not known', () => {
    expect(formatProblem({ ...problem, value: undefined, hint: undefined })).toBe(
      'a.json:3:5: pools.web must be an object',
    )
    expect(formatProblem(fileProblem('a.json', 'must be a file'))).toBe('a.json:1:1: must be a file')
  })
})

describe('createProblemList', () => {
  test('sorts by place within a file and keeps the files in the order they were met', () => {
    const list = createProblemList()
    list.add(() => ({ ...problem, file: 'b.json', line: 1 }))
    list.add(() => ({ ...problem, line: 10, column: 2 }))
    list.add(() => ({ ...problem, line: 10, column: 1 }))
    list.add(() => ({ ...problem, line: 9 }))
    expect(list.sorted().map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
      'b.json:1:5',
      'a.json:9:5',
      'a.json:10:1',
      'a.json:10:2',
    ])
  })

  test('counts the same problem once', () => {
    const list = createProblemList()
    list.add(() => problem)
    list.add(() => ({ ...problem }))
    expect(list.sorted()).toEqual([problem])
  })

  test('keeps a bounded number and counts the rest', () => {
    const list = createProblemList()
    for (let line = 1; line <= maxProblems + 7; line++) list.add(() => ({ ...problem, line }))
    expect(list.sorted().length).toBe(maxProblems)
    expect(list.omitted()).toBe(7)
  })
})

describe('formatKey', () => {
  test.each([
    [[], ''],
    [['pools', 'web', 'backends', 2, 'url'], 'pools.web.backends[2].url'],
    [[0], '[0]'],
    [['a.b', 'c'], '["a.b"].c'],
    [[''], '[""]'],
    [['a\n\u001b[31m'], String.raw`["a\n\u001b[31m"]`],
    [['\u202egnp\u009b'], String.raw`["\u202egnp\u009b"]`],
  ])('writes %p', (path, key) => {
    expect(formatKey(path)).toBe(key)
  })
})

describe('displayName', () => {
  test.each([
    ['/home/me/a.json', 'a.json'],
    ['/home/me/conf/a.json', 'conf/a.json'],
    ['/etc/a.json', '/etc/a.json'],
    ['/home/me', '/home/me'],
  ])('names %p as people would from /home/me', (path, name) => {
    expect(displayName(path, '/home/me')).toBe(name)
  })
})
