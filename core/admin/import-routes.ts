/**
 * Clients in bulk, as JSON lines: an object a line, as `curl --data-binary @file` sends them and the export writes them. Many
 * are read and written in pieces, between which traffic goes on.
 */
import type { ImportedClient, ImportProblem } from '../clients/contract.ts'
import { maxProblems } from '../config/problems.ts'
import { bodySchemas } from './body-schemas.ts'
import { readText, readValue } from './body.ts'
import { calendarFault, findingOf, importedClient } from './client-input.ts'
import { importParameters } from './client-schemas.ts'
import { exportedView } from './client-view.ts'
import { checkBody } from './check-body.ts'
import { type Finding, problem, sentences } from './problem.ts'
import { readQuery } from './query.ts'
import type { Call, Routes } from './route.ts'
import { known, stored } from './stored.ts'
import { json } from './whole.ts'

const jsonLines = 'application/jsonl'

/** Some 40,000 clients with their hashes. */
export const maxImportBytes = 16 * 1024 ** 2

/** What is read or written before traffic is let in: about 1 ms. */
const pieceOf = 50

export const importRoutes: Routes = {
  'POST /api/clients/import': {
    summary: 'Adds many clients, all of them or none. Keys that were made are in the answer alone.',
    query: importParameters,
    schema: 'Imported',
    body: {
      description: 'An object a line; lines that are empty count for nothing.',
      schema: bodySchemas.importClient,
      contentTypes: [jsonLines, 'application/x-ndjson'],
      isRequired: true,
    },
    answer: stored(async ({ store, request, origin, turn }) => {
      const query = readQuery(request.query, importParameters)
      if (query.kind === 'refused') return query.response
      const body = await readText(request, { maxBytes: maxImportBytes, types: [jsonLines, 'application/x-ndjson'] })
      if (body.kind === 'refused') return body.response
      const lines = await readLines(body.value, turn)
      if (lines.omitted + lines.problems.length > 0) return refusal(lines)
      if (lines.clients.length === 0) return problem(422, 'There is no line with a client in the body.')
      const result = await store.import(lines.clients, { origin, replaces: query.values.get('replace') === 'true' })
      if (result.kind === 'invalid') return refusal({ ...result, problems: result.problems.map(atLine(lines.numbers)) })
      const { added, replaced, keys } = result
      return json({ added, replaced, keys })
    }),
  },
  'GET /api/clients.jsonl': {
    summary: 'All clients as the import takes them, with the hashes of their keys, from which no key can be had.',
    need: 'change',
    contentType: jsonLines,
    answer: known(
      ({ store, turn }) =>
        new Response(streamOf(linesOf(store.export()), turn), { headers: { 'content-type': jsonLines } }),
    ),
  },
}

interface Lines {
  readonly clients: readonly ImportedClient[]
  /** Of the line that each stands on, from 1. */
  readonly numbers: readonly number[]
  /** At most `maxProblems`. */
  readonly problems: readonly Finding[]
  readonly omitted: number
}

async function readLines(text: string, turn: Call['turn']): Promise<Lines> {
  const clients: ImportedClient[] = []
  const numbers: number[] = []
  const problems: Finding[] = []
  let omitted = 0
  for (const [index, line] of text.split('\n').entries()) {
    if (index % pieceOf === 0) await turn()
    if (line.trim() === '') continue
    const read = readLine(line)
    if (read.kind === 'client') {
      clients.push(read.client)
      numbers.push(index + 1)
      continue
    }
    for (const one of read.problems)
      if (problems.length < maxProblems) problems.push({ ...one, line: index + 1 })
      else omitted += 1
  }
  return { clients, numbers, problems, omitted }
}

type Line =
  | { readonly kind: 'client'; readonly client: ImportedClient }
  | { readonly kind: 'problems'; readonly problems: readonly Finding[] }

function readLine(line: string): Line {
  const value = readValue(line)
  if (value.kind === 'fault') return { kind: 'problems', problems: [{ key: '', rule: value.rule }] }
  const checked = checkBody('importClient', value.value)
  if (checked.kind === 'problems') return checked
  const fault = calendarFault(checked.value)
  if (fault !== undefined) return { kind: 'problems', problems: [fault] }
  return { kind: 'client', client: importedClient(checked.value) }
}

const atLine =
  (numbers: readonly number[]) =>
  ({ index, ...found }: ImportProblem): Finding => ({ ...findingOf(found), line: numbers[index] ?? 1 })

function refusal({ problems, omitted }: Pick<Lines, 'problems' | 'omitted'>): Response {
  const [first] = problems
  const more = problems.length + omitted - 1
  const place = first?.line === undefined ? '' : `line ${first.line}: `
  const others = more === 0 ? '' : ` And ${more} more.`
  const detail = `Nothing was imported. ${place}${sentences(problems.slice(0, 1), 'the client')}${others}`
  return problem(422, detail, { problems })
}

function* linesOf(clients: Iterable<Parameters<typeof exportedView>[0]>): Generator<string> {
  let piece = ''
  let count = 0
  for (const client of clients) {
    piece += `${JSON.stringify(exportedView(client))}\n`
    count += 1
    if (count % pieceOf !== 0) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

/** Made as it is taken. */
function streamOf(pieces: Generator<string>, turn: Call['turn']): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      await turn()
      const { done = false, value } = pieces.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
  })
}
