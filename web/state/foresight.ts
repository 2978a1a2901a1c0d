/** What the balancer says that a reload or a rollback would do, in lines. Pure. */
import { counted } from '../../core/view/amounts.ts'
import type { ApiAnswer } from './answer.ts'
import type { Foresight } from './state.ts'
import { fieldsOf, listOf, numberOf, textOf } from './untyped.ts'

/** As `POST /api/config/plan` and `POST /api/rollback/plan` answer. */
export function planLines(answer: ApiAnswer): Foresight {
  if (answer.kind !== 'ok') return { kind: 'failed', reason: answer.reason }
  const { changes, problems, kept } = fieldsOf(answer.body)
  const told = listOf(changes).map((one) => {
    const change = fieldsOf(one)
    const open = (['connection', 'tunnel'] as const).flatMap((noun) => {
      const count = numberOf(change[`${noun}s`])
      return count === 0 ? [] : [counted(count, noun)]
    })
    const ends = open.length === 0 ? '' : ` (ends ${open.join(' and ')})`
    return `${textOf(change['key'])}: ${textOf(change['text'])}${ends}`
  })
  const left =
    listOf(kept).length === 0 ? [] : [`Stays as it is, for its problems: ${listOf(kept).map(textOf).join(', ')}.`]
  const faults = listOf(problems).map((one) => {
    const { file, line, key, rule } = fieldsOf(one)
    const place = file === undefined ? '' : `${textOf(file)}:${numberOf(line)}: `
    return `${place}${textOf(key)} ${textOf(rule)}`
  })
  return { kind: 'told', lines: [...(told.length === 0 ? ['Nothing would change.'] : told), ...left, ...faults] }
}
