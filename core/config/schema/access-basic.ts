/** `access.basic`: users with passwords. */
import { readPasswordHash, userName } from '../../admission/password-hash.ts'
import type { BasicPolicy } from '../../admission/policy.ts'
import { defaults } from '../defaults.ts'
import { object, record } from '../read/containers.ts'
import { convert, type Field, orElse } from '../read/field.ts'
import { flag, matching, text } from '../read/scalars.ts'
import { existingFile } from './file.ts'

const hash = text({
  title: 'hash of a password',
  description: 'Of bcrypt or argon2id, as `htpasswd -nB ann` writes it behind the name.',
  rule: 'must be a bcrypt or argon2id hash of the password: `htpasswd -nB name` writes one',
  isSecret: true,
  parse(value) {
    const read = readPasswordHash(value)
    return read.kind === 'hash' ? { kind: 'value', value } : { kind: 'fault', rule: `must be ${read.rule}` }
  },
})

const users = convert(
  record(hash, {
    description: 'Users, each with the hash of the password. Take hashes from variables rather than writing them here.',
    examples: [{ ann: '${ANN_HASH}' }],
    namePattern: userName,
    nameRule: 'must be a name of 1 to 255 characters, no colon and no control character among them',
  }),
  (entries) => entries.map(({ name, value }) => ({ name, hash: value })),
)

export const basic: Field<BasicPolicy | undefined> = convert(
  object(
    {
      realm: orElse(
        text({
          title: 'text',
          description: 'What browsers show when they ask for a password.',
          examples: ['staging'],
          rule: 'must be 1 to 128 printable ASCII characters, no quote and no backslash among them',
          parse: matching(/^[ !#-[\]-~]{1,128}$/),
        }),
        defaults['route.access.basic.realm'].value,
      ),
      users,
      usersFile: existingFile({
        description:
          'More users, in a file as `htpasswd -B` keeps it: `name:hash` a line, `#` begins a comment. Read anew when it changes; while it cannot be read, the last good one counts.',
        examples: ['users.htpasswd'],
      }),
      hide: orElse(flag({ description: 'Whether `Authorization` is kept from the backend.', examples: [true] }), false),
    },
    {
      description: 'Asks for a name and a password (RFC 7617): 401 without, or with wrong ones.',
      examples: [{ usersFile: 'users.htpasswd' }],
    },
  ),
  ({ realm, users, usersFile, hide }, node, reading): BasicPolicy => {
    const isNamed = node?.children?.some(
      ({ children }) => children?.[0]?.value === 'users' || children?.[0]?.value === 'usersFile',
    )
    if (node !== undefined && isNamed !== true) reading.report(node, { rule: 'must have users, usersFile or both' })
    return { realm, users: users ?? [], usersFile, hide }
  },
)
