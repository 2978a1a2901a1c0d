/** What a change came to, for people: the file that holds it now and the generation that brought it into force. Pure. */
import { printable } from './text.ts'

/** Of the admin API's answer to a change; empty where that tells neither. */
export function written(answer: unknown): string {
  const { file, generation } = answer as { file?: unknown; generation?: { readonly number?: number } }
  const number = generation?.number === undefined ? '' : ` (generation ${generation.number})`
  return `${typeof file === 'string' ? `, written to ${printable(file)}` : ''}${number}`
}
