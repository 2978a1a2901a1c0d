/** Fields of a request of our own to a service; their values are secret, since keys are what they are used for. */
import type { Secret } from '../../secrets.ts'
import { record } from '../read/containers.ts'
import { type About, convert, type Field } from '../read/field.ts'
import { matching, text } from '../read/scalars.ts'
import { tokenPattern } from './names.ts'

/** Which frame the message, or say what is in it. */
const OURS = /^(?:host|content-length|content-type|content-encoding|transfer-encoding|connection|expect)$/i

const value = text({
  title: 'text',
  description: 'Value of a field. Take it from a variable rather than writing a key here.',
  examples: ['Bearer ${TOKEN}'],
  rule: 'must be printable ASCII without spaces around it',
  isSecret: true,
  parse: matching(/^(?! )[ -~]{0,4096}(?<! )$/),
})

export interface SecretField {
  /** In lower case. */
  readonly name: string
  readonly value: Secret
}

export const secretFields = (about: About): Field<readonly SecretField[] | undefined> =>
  convert(
    record(value, { ...about, namePattern: tokenPattern, nameRule: 'must be a field name such as "authorization"' }),
    (entries, _node, reading) => {
      const seen = new Set<string>()
      return entries.map(({ name, key, value: secret }) => {
        const lower = name.toLowerCase()
        if (OURS.test(lower)) reading.report(key, { rule: 'is a field that SmartEdge itself writes' })
        if (seen.has(lower)) reading.report(key, { rule: 'names a field a second time; case does not count' })
        seen.add(lower)
        return { name: lower, value: secret }
      })
    },
  )
