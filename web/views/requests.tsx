/** Why a request went where it went: those that the balancer has explained, newest first. */
/** @jsxImportSource preact */
import { formatCount } from '../../core/view/amounts.ts'
import { clockTime, latency, percent } from '../../core/view/format.ts'
import { Find } from '../parts/filter.tsx'
import { Name, Note } from '../parts/signs.tsx'
import {
  type Attempt,
  type Explanation,
  findExplanations,
  type Pick as Picked,
  readExplanations,
} from '../state/explanations.ts'
import type { Screen } from './overview.tsx'

export function Requests({ state, send }: Screen) {
  const { explain } = state.fetched
  if (explain.kind === 'none') return <Note>Asking for them…</Note>
  if (explain.kind === 'failed') return <Failed status={explain.status} reason={explain.reason} />
  const told = readExplanations(explain.body)
  const shown = findExplanations(told.list, state.choices.filter)
  return (
    <>
      <p class="dim">
        {told.rate > 0 ? `${percent(told.rate)} of requests are explained` : 'Requests that ask for it are explained'};{' '}
        {formatCount(told.kept)} of {formatCount(told.seen)} are kept.
      </p>
      <Choice state={state} send={send} />
      {shown.length === 0 ? (
        <Note>{told.kept === 0 ? 'None has been explained yet.' : 'None of those kept is like that.'}</Note>
      ) : (
        <ol class="explanations">
          {shown.map((one) => (
            <li key={one.id}>
              <Explained one={one} />
            </li>
          ))}
        </ol>
      )}
    </>
  )
}

const Failed = ({ status, reason }: { readonly status: number | undefined; readonly reason: string }) => (
  <Note tone={status === 404 || status === 409 ? 'dim' : 'bad'}>
    {status === 404 ? 'This SmartEdge is an older one, which explains no requests.' : reason}
  </Note>
)

const statuses = [
  ['', 'any'],
  ['2xx', '2xx'],
  ['3xx', '3xx'],
  ['4xx', '4xx'],
  ['5xx', '5xx'],
  ['none', 'none sent'],
] as const

const limits = [0, 10, 50, 200, 1000] as const

function Choice({ state, send }: Pick<Screen, 'state' | 'send'>) {
  const { choices } = state
  return (
    <div class="filter" role="search">
      <Find state={state} send={send} hint="path, pool, backend" />
      <label>
        Status{' '}
        <select
          value={choices.status}
          onChange={({ currentTarget }) => send({ kind: 'choose', choices: { status: currentTarget.value } })}
        >
          {statuses.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        Slower than{' '}
        <select
          value={String(choices.slowerMs)}
          onChange={({ currentTarget }) => send({ kind: 'choose', choices: { slowerMs: Number(currentTarget.value) } })}
        >
          {limits.map((ms) => (
            <option key={ms} value={String(ms)}>
              {ms === 0 ? 'any' : latency(ms)}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}

const toneOf = (status: number | undefined): string =>
  status === undefined || status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'good'

function Explained({ one }: { readonly one: Explanation }) {
  const last = one.attempts.at(-1)
  return (
    <details class="card explanation">
      <summary>
        <span class={`badge tone-${toneOf(one.status)}`}>{one.status ?? one.ending}</span>
        <span class="request">
          {one.method} <Name>{one.target}</Name>
        </span>
        <span class="dim">
          <Name>{one.pool}</Name> › <Name>{last?.backend ?? 'nobody'}</Name>
        </span>
        <span class="number">{latency(one.durationMs)}</span>
        <time class="dim">{clockTime(one.at)}</time>
      </summary>
      <p class="dim">
        {one.route === '' ? 'No route' : 'Route '}
        <Name>{one.route}</Name>; {one.ending}
        {one.detail === '' ? '' : `: ${one.detail}`}.
      </p>
      {one.attempts.map((attempt, index) => (
        <Tried key={index} attempt={attempt} number={index + 1} totalMs={one.durationMs} />
      ))}
      {one.attempts.length === 0 && <Note>It was sent to no backend.</Note>}
      {one.nobody && (
        <section class="attempt" aria-label="Nobody was left">
          <h3>Nobody was left</h3>
          <Choosing pick={one.nobody} />
        </section>
      )}
    </details>
  )
}

function Tried({
  attempt,
  number,
  totalMs,
}: {
  readonly attempt: Attempt
  readonly number: number
  readonly totalMs: number
}) {
  const { backend, isHedge, startMs, readyMs, firstByteMs, endMs, outcome, pick } = attempt
  const told = [
    `begun at ${latency(startMs)}`,
    ...(readyMs === undefined ? [] : [`connected at ${latency(readyMs)}`]),
    ...(firstByteMs === undefined ? [] : [`first byte at ${latency(firstByteMs)}`]),
    `ended at ${latency(endMs)}`,
  ].join(', ')
  const place = (ms: number): string => `${(Math.min(1, ms / Math.max(totalMs, 0.001)) * 100).toFixed(2)}%`
  return (
    <section class="attempt" aria-label={`Attempt ${number}`}>
      <h3>
        {isHedge ? 'Hedge' : `Attempt ${number}`}: <Name>{backend}</Name> <span class="dim">{outcome}</span>
      </h3>
      <div class="timeline" role="img" aria-label={told} title={told}>
        <span class="time-wait" style={{ left: place(startMs), width: place((firstByteMs ?? endMs) - startMs) }} />
        {firstByteMs !== undefined && (
          <span class="time-body" style={{ left: place(firstByteMs), width: place(endMs - firstByteMs) }} />
        )}
      </div>
      <p class="dim">{told}</p>
      {pick && <Choosing pick={pick} />}
    </section>
  )
}

function Choosing({ pick }: { readonly pick: Picked }) {
  const { why, candidates, excluded, omitted, drawn, chosen, runnerUp, waitedMs, others } = pick
  const marks = (backend: string): string =>
    [
      ...(backend === chosen ? ['chosen'] : []),
      ...(backend === runnerUp ? ['runner-up'] : []),
      ...(drawn.includes(backend) ? ['drawn'] : []),
    ].join(', ')
  return (
    <>
      <p>
        {why}.{waitedMs > 0 && ` It had waited ${latency(waitedMs)} for room.`}
      </p>
      {candidates.length > 0 && (
        <table class="plain">
          <caption class="unseen">Candidates</caption>
          <thead>
            <tr>
              <th scope="col">Candidate</th>
              <th scope="col" class="number">
                Score
              </th>
              <th scope="col" class="number">
                In flight
              </th>
              <th scope="col" class="number">
                Weight
              </th>
              <th scope="col" class="number">
                Latency
              </th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {candidates.map(({ backend, score, inflight, weight, latencyMs }) => (
              <tr key={backend} class={backend === chosen ? 'chosen' : ''}>
                <th scope="row">
                  <Name>{backend}</Name>
                </th>
                <td class="number">{score === undefined ? '–' : Number(score.toPrecision(4))}</td>
                <td class="number">{inflight}</td>
                <td class="number">{weight}</td>
                <td class="number">{latency(latencyMs)}</td>
                <td>{marks(backend)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {omitted.candidates > 0 && <p class="dim">and {omitted.candidates} more candidates</p>}
      {excluded.length > 0 && (
        <ul class="plain-list">
          {excluded.map(({ backend, by, why }) => (
            <li key={backend}>
              <Name>{backend}</Name> was left out ({by}): <Name>{why}</Name>
            </li>
          ))}
          {omitted.excluded > 0 && <li class="dim">and {omitted.excluded} more</li>}
        </ul>
      )}
      {others.length > 0 && (
        <p class="dim">
          {others.map(({ strategies, backend }) => `${strategies.join(', ')} would have taken ${backend}`).join('; ')}.
        </p>
      )}
    </>
  )
}
