/** `clients`: the database in which clients and their plans are kept. */
import type { Secret } from '../../secrets.ts'
import type { ClientsConfig } from '../config.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, showDefault } from '../read/field.ts'
import { type Parsed, text } from '../read/scalars.ts'
import { redis } from './redis.ts'

const fallback = defaults['clients.store'].value

const store = text({
  title: 'path or postgres:// URL',
  description:
    'The database: an SQLite file, made when it is not there, which other processes of this machine may share; or `postgres://user:password@host:port/database`, which all nodes of a fleet follow. Take a URL from a variable rather than writing a password here.',
  examples: ['./clients.sqlite', '${SMARTEDGE_CLIENTS_URL}'],
  rule: 'must be the path of a file or a URL such as "postgres://user:password@host:5432/database"',
  pattern: '^(postgres(ql)?://[^/]+/.+|(?![A-Za-z][A-Za-z0-9+.-]*://).+)$',
  isSecret: true,
  parse: parseStore,
})

function parseStore(written: string): Parsed<string> {
  if (written === '' || written.includes('\0')) return { kind: 'fault' }
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(written)) return { kind: 'value', value: written }
  const url = URL.parse(written)
  const isRight = url !== null && isPostgres(written) && url.hostname !== '' && url.pathname.length > 1
  return isRight ? { kind: 'value', value: written } : { kind: 'fault' }
}

const isPostgres = (written: string): boolean => /^postgres(?:ql)?:\/\//.test(written)

const body = object(
  { store: showDefault(store, fallback), redis },
  {
    description:
      'Clients with API keys, limits and plans, which the API changes while SmartEdge serves, and what the nodes of a fleet share. `{}` keeps clients in a file beside the config; with `redis` alone there are none.',
    examples: [{ store: './clients.sqlite' }],
  },
)

export interface Clients {
  readonly store: ClientsConfig['store'] | undefined
  readonly redis: Secret | undefined
}

export const clients: Field<Clients | undefined> = convert(body, ({ store: written, redis: url }, _node, reading) => {
  if (written === undefined && url !== undefined) return { store: undefined, redis: url }
  const place = written?.reveal() ?? fallback
  if (written !== undefined && isPostgres(place)) return { store: { kind: 'postgres', url: written }, redis: url }
  return { store: { kind: 'sqlite', path: reading.resolve(place) }, redis: url }
})
