/** Routes that need the store of clients; what becomes of changes in it is told in one way for clients and plans. */
import { type ChangeTerms, type ClientStore, type Freshness, StoreAway, type Unchanged } from '../clients/contract.ts'
import { findingOf } from './client-input.ts'
import { entityTag, matchOf } from './entity-tag.ts'
import { problem, sentences } from './problem.ts'
import type { Call } from './route.ts'

export type Stored = Call & { readonly store: ClientStore }

/** `answer`, where there is a store; 503 where the database does not take what it is asked for. */
export const stored =
  (answer: (call: Stored) => Response | Promise<Response>) =>
  async (call: Call): Promise<Response> => {
    const store = call.source.clients
    if (store === undefined) return problem(409, noStore)
    try {
      return await answer({ ...call, store })
    } catch (error) {
      if (error instanceof StoreAway) return away(error.message)
      throw error
    }
  }

const noStore =
  'This configuration has no database of clients: set "clients": { "store": "clients.sqlite" }, or the URL of a PostgreSQL database there.'

/** `answer`, where it is known what the database holds, or was known once. */
export const known = (answer: (call: Known) => Response | Promise<Response>) =>
  stored((call) => {
    const { freshness } = call.store
    return freshness.kind === 'unknown' ? away(freshness.reason) : answer({ ...call, freshness })
  })

export type Known = Stored & { readonly freshness: Exclude<Freshness, { kind: 'unknown' }> }

/** It is tried again by itself; whoever asks again in some seconds finds it soon enough. */
const away = (reason: string): Response =>
  problem(503, `The database of clients is away: ${reason}.`, { headers: { 'retry-after': '5' } })

/** The store's words as a sentence. */
export const conflict = (detail: string): Response =>
  problem(409, `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.`)

export type Terms =
  { readonly kind: 'terms'; readonly terms: ChangeTerms } | { readonly kind: 'refused'; readonly response: Response }

/** What a change demands of what it changes, as the request has to say. `current`: what that is at; undefined: it is not there. */
export function requiredTerms(call: Call, current: number | undefined): Terms {
  const isBlind = call.request.field('if-match') === undefined && current !== undefined
  return isBlind
    ? { kind: 'refused', response: problem(428, noMatch) }
    : { kind: 'terms', terms: termsOf(call, current) }
}

/** The same, as the request may say. */
export function termsOf({ request, origin }: Call, current: number | undefined): ChangeTerms {
  const field = request.field('if-match')
  const tag = matchOf(field, current === undefined ? undefined : String(current))
  // No revision is 0, and only one of its spellings is a tag of ours.
  return tag === undefined ? { origin } : { origin, ifRevision: /^[1-9]\d{0,14}$/.test(tag) ? Number(tag) : 0 }
}

// RFC 6585 3.
const noMatch =
  'Send the header If-Match with the ETag that GET has told, so that nobody’s change is lost; "If-Match: *" changes it whatever it is.'

/** `what`: `client acme`, and where those that there are stand. */
export function unchanged(result: Unchanged, what: string, list: string): Response {
  switch (result.kind) {
    case 'unknown':
      return problem(404, `There is no ${what}; GET ${list} lists them.`)
    case 'stale':
      return problem(412, `The ${what} has changed since; read it again.`, {
        headers: { etag: entityTag(String(result.revision)) },
      })
    case 'invalid': {
      const problems = result.problems.map(findingOf)
      return problem(422, sentences(problems, 'The body'), { problems })
    }
    default:
      return result satisfies never
  }
}
