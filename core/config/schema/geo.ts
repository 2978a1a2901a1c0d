/** `geo`: where a client is, for strategies that ask. */
import type { GeoPolicy } from '../../geo/policy.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field, located, required } from '../read/field.ts'
import { existingFile } from './file.ts'
import { cidr, fieldName } from './names.ts'
import { place, zone } from './member.ts'

const entry = convert(
  located(
    object(
      { cidr: required(cidr('Clients it holds for.')), zone, place },
      {
        description: 'What is known about the clients of one block.',
        examples: [{ cidr: '10.1.0.0/16', zone: 'eu-1' }],
      },
    ),
  ),
  ({ value, node }, _node, reading) => {
    if (value.zone === undefined && value.place === undefined && node.children?.length === 1)
      reading.report(node, { rule: 'must give a zone or a place' })
    return value.cidr === undefined ? undefined : { cidr: value.cidr, zone: value.zone, place: value.place }
  },
)

const body = object(
  {
    header: fieldName(
      'A field that a trusted proxy sets to a zone or to `latitude,longitude`; ignored from other peers.',
      'x-client-zone',
    ),
    table: list(entry, { description: 'Blocks of client addresses; the longest prefix wins.' }),
    database: existingFile({
      description: 'A MaxMind `.mmdb` file, yours to supply.',
      examples: ['./GeoLite2-City.mmdb'],
    }),
  },
  { description: 'Where clients are, read from these in order: header, table, database.' },
)

export const geo: Field<GeoPolicy | undefined> = convert(body, ({ header, table, database }) => ({
  header,
  table: table ?? [],
  database,
}))
