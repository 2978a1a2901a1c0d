/** `access.addresses`: which clients may come, by address. */
import type { AddressPolicy } from '../../admission/policy.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { existingFile } from './file.ts'
import { peers } from './names.ts'

const entry = peers('An address, or a block of them; `unix:` for whoever comes over a Unix socket.')

const listFile = (whom: string, example: string) =>
  existingFile({
    description: `${whom}, in a file: one address or block a line, \`#\` begins a comment. Read anew when it changes; while it cannot be read, the last good one counts.`,
    examples: [example],
  })

export const addresses: Field<AddressPolicy | undefined> = convert(
  object(
    {
      allow: list(entry, { description: 'Who may come; everybody else may not.', examples: [['10.0.0.0/8']] }),
      deny: list(entry, { description: 'Who may not, before `allow` is looked at.', examples: [['192.0.2.0/24']] }),
      allowFile: listFile('More of `allow`', 'allowed.txt'),
      denyFile: listFile('More of `deny`', 'denied.txt'),
    },
    {
      description:
        'By the client’s address, behind trusted proxies the one that they tell of: whoever may not come gets 403.',
      examples: [{ allow: ['10.0.0.0/8'], denyFile: 'denied.txt' }],
    },
  ),
  ({ allow, deny, allowFile, denyFile }, node, reading): AddressPolicy => {
    if (node?.children?.length === 0)
      reading.report(node, { rule: 'must have one of the keys allow, deny, allowFile, denyFile' })
    return { allow, deny: deny ?? [], allowFile, denyFile }
  },
)
