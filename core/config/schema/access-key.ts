/** `access.apiKey`: clients of the database, by their keys. */
import type { KeyPolicy } from '../../admission/policy.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, orElse } from '../read/field.ts'
import { flag, matching, text } from '../read/scalars.ts'
import { freeField } from './auth-fields.ts'

const queryName = text({
  title: 'name',
  description: 'The pair of the query that holds the key: `?key=…`. Logs of others may keep it: prefer `header`.',
  examples: ['key'],
  rule: 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -',
  parse: matching(/^[A-Za-z0-9._~-]{1,64}$/),
})

export const apiKey: Field<KeyPolicy | undefined> = convert(
  object(
    {
      header: freeField('The field that holds the key.', 'x-api-key'),
      query: queryName,
      hide: orElse(flag({ description: 'Whether the key is kept from the backend.', examples: [false] }), true),
    },
    {
      description:
        'The key of a client of `clients`: 401 without one, or with one that is nobody’s; 403 while its client is disabled or no longer valid. The backend is told who it is in `X-Client-Id`.',
      examples: [{ header: 'x-api-key' }, { query: 'key' }],
    },
  ),
  ({ header, query, hide }, node, reading): KeyPolicy | undefined => {
    const forms = node?.children?.filter(({ children }) => ['header', 'query'].includes(String(children?.[0]?.value)))
    if (node !== undefined && forms?.length !== 1)
      reading.report(node, { rule: 'must have one of the keys header and query, not both' })
    if (header !== undefined) return { from: { kind: 'header', name: header }, hide }
    return query === undefined ? undefined : { from: { kind: 'query', name: query }, hide }
  },
)
