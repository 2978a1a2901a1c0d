/**
 * The client store that the admin API works with, over a database of either kind: reads from the directory, and each change
 * a transaction that looks again at what there is, so that of two who change one client at once one is told.
 */
import type { Clock } from '../clock.ts'
import type { Emit } from '../observe/events.ts'
import { auditOf } from './audit.ts'
import { addClient, type Doing, removeClient, setClient } from './change-clients.ts'
import { addPlan, removePlan, setPlan } from './change-plans.ts'
import type { Client, ClientStore, Imported, ImportedClient, ImportProblem, ImportTerms, Plan } from './contract.ts'
import type { Follower } from './follower.ts'
import { checkImport, importClients } from './import.ts'

const MOST_PROBLEMS = 100

export interface StoreServices {
  readonly follower: Follower
  readonly clock: Clock
  readonly emit: Emit
}

/** What a change comes to, and what the audit is told of it. */
interface Done<Result, Entity> {
  readonly result: Result
  readonly before?: Entity
  readonly after?: Entity
}

export function createClientStore(services: StoreServices): ClientStore {
  const { follower } = services
  const { directory } = follower
  const change = <Result, Entity extends Client | Plan>(
    { kind, origin }: { readonly kind: 'client' | 'plan'; readonly origin: string },
    act: (doing: Doing) => Promise<Done<Result, Entity>>,
  ): Promise<Result> => changeAndTell(services, { kind, origin }, act)
  return {
    get freshness() {
      return follower.freshness
    },
    get size() {
      return directory.size
    },
    list: (query) => directory.list(query),
    get: (id) => directory.byId(id),
    add: (draft, { origin }) => change({ kind: 'client', origin }, (doing) => addClient(doing, draft)),
    set: (id, fields, terms) => change({ ...terms, kind: 'client' }, (doing) => setClient(doing, id, fields, terms)),
    remove: (id, terms) => change({ ...terms, kind: 'client' }, (doing) => removeClient(doing, id, terms)),
    import: (clients, terms) => importAndTell(services, clients, terms),
    export: () => directory.export(),
    plans: () => directory.plans(),
    plan: (name) => directory.plan(name),
    addPlan: (draft, { origin }) => change({ kind: 'plan', origin }, (doing) => addPlan(doing, draft)),
    setPlan: (name, fields, terms) =>
      change({ ...terms, kind: 'plan' }, (doing) => setPlan(doing, name, fields, terms)),
    removePlan: (name, terms) => change({ ...terms, kind: 'plan' }, (doing) => removePlan(doing, name, terms)),
  }
}

async function changeAndTell<Result, Entity extends Client | Plan>(
  { follower, clock, emit }: StoreServices,
  { kind, origin }: { readonly kind: 'client' | 'plan'; readonly origin: string },
  act: (doing: Doing) => Promise<Done<Result, Entity>>,
): Promise<Result> {
  const { result, before, after } = await follower.write((query, { dialect }) =>
    act({ query, dialect, now: clock.wallTime() }),
  )
  const entity = after ?? before
  if (entity === undefined) return result
  const name = 'id' in entity ? entity.id : entity.name
  const audit = auditOf(`${kind} ${name}`, before, after)
  if (audit !== undefined) emit({ kind: 'client-changed', from: origin, ...audit })
  return result
}

async function importAndTell(
  { follower, clock, emit }: StoreServices,
  clients: readonly ImportedClient[],
  { origin, replaces }: ImportTerms,
): Promise<Imported> {
  // What is wrong whatever the database holds.
  const problems = await checkImport(clients, clock)
  if (problems.length > 0) return refused(problems)
  const result = await follower.write((query, { dialect }) =>
    importClients({ query, dialect, now: clock.wallTime() }, clients, { replaces, clock }),
  )
  if (result.kind !== 'done') return refused(result.problems)
  const after = { added: result.added, replaced: result.replaced }
  emit({ kind: 'client-changed', from: origin, what: 'clients imported', before: {}, after })
  return result
}

/** The first of them, and how many more there are. */
const refused = (problems: readonly ImportProblem[]): Imported => ({
  kind: 'invalid',
  problems: problems.slice(0, MOST_PROBLEMS),
  omitted: Math.max(0, problems.length - MOST_PROBLEMS),
})
