/** What the admin API tells of clients, and what it changes of them: in the database, in force as soon as that has it. */
import type { AddedClient, Client, ClientStore } from '../clients/contract.ts'
import { bodySchemas } from './body-schemas.ts'
import { readBody } from './body.ts'
import { calendarFault, clientChange, clientDraft } from './client-input.ts'
import { listParameters } from './client-schemas.ts'
import { clientView, storeView } from './client-view.ts'
import { nothing } from './controlled.ts'
import { entityTag } from './entity-tag.ts'
import { type Finding, problem, sentences } from './problem.ts'
import { readQuery } from './query.ts'
import type { Routes } from './route.ts'
import { conflict, known, requiredTerms, stored, termsOf, unchanged } from './stored.ts'
import { json } from './whole.ts'

const list = '/api/clients'

export const clientRoutes: Routes = {
  'GET /api/clients': {
    summary: 'Clients, in the order of their ids, page by page.',
    // Who they are is not for whoever may read how the edge is.
    need: 'change',
    query: listParameters,
    schema: 'ClientPage',
    answer: known(({ store, freshness, request }) => {
      const query = readQuery(request.query, listParameters)
      if (query.kind === 'refused') return query.response
      const { values } = query
      const enabled = values.get('enabled')
      const page = store.list({
        limit: Number(values.get('limit') ?? listParameters['limit']?.default),
        after: values.get('after'),
        plan: values.get('plan'),
        text: values.get('search'),
        isEnabled: enabled === undefined ? undefined : enabled === 'true',
      })
      const clients = page.clients.map((client) => clientView(client, store))
      return json({ clients, total: page.total, next: page.next ?? null, store: storeView(freshness) })
    }),
  },
  'POST /api/clients': {
    summary: 'Adds a client. The answer holds its key, which is told nowhere else and never again.',
    status: 201,
    schema: 'ClientWithKey',
    body: { description: 'The client.', schema: bodySchemas.addClient, isRequired: true },
    answer: stored(async ({ store, request, origin }) => {
      const body = await readBody(request, 'addClient')
      if (body.kind === 'refused') return body.response
      const fault = calendarFault(body.value)
      return fault === undefined
        ? addAnswer(await store.add(clientDraft(body.value), { origin }), store)
        : faulty(fault)
    }),
  },
  'GET /api/clients/:id': {
    summary: 'One client, with an ETag for If-Match and If-None-Match.',
    need: 'change',
    tag: 'told',
    schema: 'Client',
    answer: known(({ store, freshness, params: { id = '' } }) => {
      const client = store.get(id)
      if (client === undefined) return unknown(id)
      return json({ ...clientView(client, store), store: storeView(freshness) }, 200, tagOf(client))
    }),
  },
  'PATCH /api/clients/:id': {
    summary: 'Changes a client: the keys that are there, and no others.',
    tag: 'required',
    schema: 'Client',
    body: { description: 'What changes.', schema: bodySchemas.updateClient, isRequired: true },
    answer: stored(async (call) => {
      const { store, request, params } = call
      const { id = '' } = params
      const body = await readBody(request, 'updateClient')
      if (body.kind === 'refused') return body.response
      const fault = calendarFault(body.value)
      if (fault !== undefined) return faulty(fault)
      const seen = requiredTerms(call, store.get(id)?.revision)
      if (seen.kind === 'refused') return seen.response
      const result = await store.set(id, clientChange(body.value), seen.terms)
      return result.kind === 'done' ? changed(result.client, store) : unchanged(result, `client ${shorten(id)}`, list)
    }),
  },
  'DELETE /api/clients/:id': {
    summary: 'Removes a client; its key counts no more.',
    tag: 'required',
    answer: stored(async (call) => {
      const { store, params } = call
      const { id = '' } = params
      const seen = requiredTerms(call, store.get(id)?.revision)
      if (seen.kind === 'refused') return seen.response
      const result = await store.remove(id, seen.terms)
      if (result.kind === 'done') return json({ id, removed: true })
      return result.kind === 'in-use' ? conflict(result.detail) : unchanged(result, `client ${shorten(id)}`, list)
    }),
  },
  'POST /api/clients/:id/key': {
    summary: 'Gives a client a new key, told in the answer alone; the one before counts no more.',
    tag: 'heeded',
    schema: 'ClientWithKey',
    body: nothing,
    answer: stored(async (call) => {
      const { store, params } = call
      const { id = '' } = params
      const result = await store.set(id, { renewKey: true }, termsOf(call, store.get(id)?.revision))
      if (result.kind !== 'done') return unchanged(result, `client ${shorten(id)}`, list)
      return json({ ...clientView(result.client, store), key: result.key }, 200, tagOf(result.client))
    }),
  },
}

function addAnswer(result: AddedClient, store: ClientStore): Response {
  if (result.kind === 'duplicate') return conflict(result.detail)
  if (result.kind === 'invalid') return unchanged(result, 'client', list)
  const { client, key } = result
  return json({ ...clientView(client, store), key }, 201, {
    ...tagOf(client),
    location: `${list}/${encodeURIComponent(client.id)}`,
  })
}

const changed = (client: Client, store: ClientStore): Response => json(clientView(client, store), 200, tagOf(client))

const tagOf = ({ revision }: Client) => ({ etag: entityTag(String(revision)) })

const faulty = (fault: Finding): Response => problem(422, sentences([fault]), { problems: [fault] })

const unknown = (id: string): Response => unchanged({ kind: 'unknown' }, `client ${shorten(id)}`, list)

const shorten = (id: string): string => (id.length > 100 ? `${id.slice(0, 100)}…` : id)
