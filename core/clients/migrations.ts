/**
 * The tables, by versions: a database of an older one is brought up to ours in one transaction that excludes all other
 * writers, so that of several nodes that start together one does it. What is in a list here has been in use and is never
 * changed; a new version is another entry, for both kinds of database.
 *
 * Triggers write down what has changed, whoever changed it: whoever edits the tables by SQL is followed as the API is. A
 * change that leaves the revision as it was gets the next one, so that the API does not overwrite it unseen.
 */
import { Refusal } from '../part.ts'
import type { Connection, Dialect, Query } from './database.ts'

const LIMITS = `
  rate_count bigint CHECK (rate_count > 0),
  rate_per_ms bigint CHECK (rate_per_ms > 0),
  burst bigint CHECK (burst > 0),`
const RATE_IS_WHOLE = 'CHECK ((rate_count IS NULL) = (rate_per_ms IS NULL))'

const tablesOf = (texts: string, instant: string): string[] => [
  `CREATE TABLE smartedge_plans (
    name ${texts} NOT NULL PRIMARY KEY,
    ${LIMITS}
    revision bigint NOT NULL DEFAULT 1,
    created_at bigint NOT NULL DEFAULT (${instant}),
    updated_at bigint NOT NULL DEFAULT (${instant}),
    ${RATE_IS_WHOLE})`,
  `CREATE TABLE smartedge_clients (
    id ${texts} NOT NULL PRIMARY KEY,
    name text NOT NULL,
    key_hash text NOT NULL UNIQUE,
    key_prefix text NOT NULL,
    plan ${texts} REFERENCES smartedge_plans (name),
    ${LIMITS}
    note text NOT NULL DEFAULT '',
    enabled boolean NOT NULL DEFAULT true,
    valid_until bigint,
    revision bigint NOT NULL DEFAULT 1,
    created_at bigint NOT NULL DEFAULT (${instant}),
    updated_at bigint NOT NULL DEFAULT (${instant}),
    ${RATE_IS_WHOLE})`,
  `CREATE INDEX smartedge_clients_of_plan ON smartedge_clients (plan)`,
]

const FOLLOWED = [
  { table: 'smartedge_plans', key: 'name', kind: 'plan' },
  { table: 'smartedge_clients', key: 'id', kind: 'client' },
] as const

const SQLITE_INSTANT = 'unixepoch() * 1000'

const sqliteTriggers = FOLLOWED.flatMap(({ table, key, kind }) => [
  ...(['INSERT', 'UPDATE', 'DELETE'] as const).map((event) => {
    const noted = event === 'DELETE' ? ['OLD'] : event === 'INSERT' ? ['NEW'] : ['OLD', 'NEW']
    const notes = noted.map((row) => `INSERT INTO smartedge_changes (kind, id) VALUES ('${kind}', ${row}.${key});`)
    return `CREATE TRIGGER ${table}_${event.toLowerCase()} AFTER ${event} ON ${table} BEGIN ${notes.join(' ')} END`
  }),
  `CREATE TRIGGER ${table}_revision AFTER UPDATE ON ${table} WHEN NEW.revision = OLD.revision BEGIN
    UPDATE ${table} SET revision = OLD.revision + 1, updated_at = ${SQLITE_INSTANT} WHERE ${key} = NEW.${key}; END`,
])

const POSTGRES_INSTANT = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

/** What the lock is called that all writers take, before they touch a row. */
export const POSTGRES_LOCK = "hashtext('smartedge clients')"
/** What is told when something has changed. */
export const POSTGRES_CHANNEL = 'smartedge_clients'

const postgresFunctions = [
  `CREATE FUNCTION smartedge_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock(${POSTGRES_LOCK}); RETURN NULL; END $$`,
  `CREATE FUNCTION smartedge_tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_notify('${POSTGRES_CHANNEL}', ''); RETURN NULL; END $$`,
  `CREATE FUNCTION smartedge_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP <> 'INSERT' THEN
      INSERT INTO smartedge_changes (kind, id) VALUES (TG_ARGV[0], to_jsonb(OLD) ->> TG_ARGV[1]);
    END IF;
    IF TG_OP <> 'DELETE' THEN
      INSERT INTO smartedge_changes (kind, id) VALUES (TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[1]);
    END IF;
    RETURN NULL; END $$`,
  `CREATE FUNCTION smartedge_revise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.revision = OLD.revision THEN
      NEW.revision := OLD.revision + 1;
      NEW.updated_at := ${POSTGRES_INSTANT};
    END IF;
    RETURN NEW; END $$`,
]

const postgresTriggers = FOLLOWED.flatMap(({ table, key, kind }) => {
  const anything = `INSERT OR UPDATE OR DELETE ON ${table}`
  return [
    `CREATE TRIGGER smartedge_lock BEFORE ${anything} EXECUTE FUNCTION smartedge_lock()`,
    `CREATE TRIGGER smartedge_tell AFTER ${anything} EXECUTE FUNCTION smartedge_tell()`,
    `CREATE TRIGGER smartedge_note AFTER ${anything} FOR EACH ROW EXECUTE FUNCTION smartedge_note('${kind}', '${key}')`,
    `CREATE TRIGGER smartedge_revise BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION smartedge_revise()`,
  ]
})

/** By version, from 1. */
const MIGRATIONS: Readonly<Record<Dialect['kind'], readonly (readonly string[])[]>> = {
  sqlite: [
    [
      ...tablesOf('text', SQLITE_INSTANT),
      `CREATE TABLE smartedge_changes (seq integer PRIMARY KEY AUTOINCREMENT, kind text NOT NULL, id text NOT NULL)`,
      ...sqliteTriggers,
    ],
  ],
  postgres: [
    [
      ...tablesOf('text COLLATE "C"', POSTGRES_INSTANT),
      `CREATE TABLE smartedge_changes (seq bigserial PRIMARY KEY, kind text NOT NULL, id text NOT NULL)`,
      ...postgresFunctions,
      ...postgresTriggers,
    ],
  ],
}

/** Brings the tables up to this version. Rejects with a Refusal when they are of a later one: it may not be understood. */
export async function migrate({ dialect, query, write }: Connection): Promise<void> {
  const steps = MIGRATIONS[dialect.kind]
  // Looked at first: a database that cannot be written can be read all the same.
  if ((await versionOf(query, dialect)) === steps.length) return
  await write(async (inside) => {
    const version = await versionOf(inside, dialect)
    if (version === 0) await inside('CREATE TABLE IF NOT EXISTS smartedge_version (version integer NOT NULL)', [])
    for (const step of steps.slice(version).flat()) await inside(step, [])
    await inside('DELETE FROM smartedge_version', [])
    await inside('INSERT INTO smartedge_version (version) VALUES ($1)', [steps.length])
  })
}

/** 0: there are no tables yet. */
async function versionOf(query: Query, dialect: Dialect): Promise<number> {
  const [found] = await query(dialect.hasTable, ['smartedge_version'])
  if (Number(found?.['tables']) === 0) return 0
  const [row] = await query('SELECT max(version) AS version FROM smartedge_version', [])
  const version = Number(row?.['version'] ?? 0)
  const known = MIGRATIONS[dialect.kind].length
  if (version <= known) return version
  const message = `the database is of version ${version}, which a later SmartEdge made; this one knows up to ${known}: run that one, or name another database`
  throw new Refusal([{ key: 'clients.store', message }])
}
