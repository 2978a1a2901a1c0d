import { describe, expect, test } from 'bun:test'
import { createRecovery } from '../../bench/recovery.ts'

/** Requests sent a millisecond after each other from 100 on, by their answers: `+` good, `-` not. */
function recover(answers: string): number | undefined {
  const recovery = createRecovery(90)
  for (let index = 0; index < answers.length; index++) recovery.answered(100 + index, answers[index] === '+')
  return recovery.ms()
}

const row = '+'.repeat(20)

describe('a recovery', () => {
  test.each([
    ['', undefined],
    ['-'.repeat(100), undefined],
    [row.slice(1), undefined],
    [row, 10],
    [`---${row}`, 13],
    [`+-+-${row}`, 14],
    [`${row.slice(1)}-${row}`, 30],
    [`${row}-${row}`, 10],
    [`${row}${row}`, 10],
  ])('seen as %p took %p ms', (answers, ms) => {
    expect(recover(answers)).toBe(ms)
  })
})
