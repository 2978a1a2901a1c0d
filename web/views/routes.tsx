/** Where requests go, what is refused on the way, and the limits that do it. */
/** @jsxImportSource preact */
import { formatCount } from '../../core/view/amounts.ts'
import { rate } from '../../core/view/format.ts'
import { Name, Note } from '../parts/signs.tsx'
import { shownOf } from '../state/state.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../state/untyped.ts'
import type { Screen } from './overview.tsx'

export function Routes({ state }: Screen) {
  const { frame } = shownOf(state)
  return (
    <>
      <section class="card" aria-label="Routes">
        <h2>Routes</h2>
        <table class="plain">
          <caption class="unseen">Routes</caption>
          <thead>
            <tr>
              <th scope="col">Requests for</th>
              <th scope="col">go to</th>
              <th scope="col" class="number">
                Req/s
              </th>
              <th scope="col" class="number">
                Refused/s
              </th>
            </tr>
          </thead>
          <tbody>
            {(frame?.routes ?? []).map(({ match, pool, requestsPerSecond, refusalsPerSecond }, index) => (
              <tr key={index}>
                <th scope="row">
                  <Name>{match}</Name>
                </th>
                <td>
                  <Name>{pool}</Name>
                </td>
                <td class="number">{rate(requestsPerSecond)}</td>
                <td class={`number ${refusalsPerSecond > 0 ? 'tone-warn' : ''}`}>{rate(refusalsPerSecond)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Limits state={state} />
    </>
  )
}

function Limits({ state }: Pick<Screen, 'state'>) {
  const { status } = state.fetched
  if (status.kind === 'none') return <Note>Asking for the limits…</Note>
  if (status.kind === 'failed') return <Note tone="bad">The limits cannot be shown: {status.reason}</Note>
  const limits = listOf(fieldsOf(status.body)['limits']).map(fieldsOf)
  return (
    <section class="card" aria-label="Limits">
      <h2>Limits</h2>
      {limits.length === 0 ? (
        <Note>No route and no pool has limits.</Note>
      ) : (
        <table class="plain">
          <caption class="unseen">Limits</caption>
          <thead>
            <tr>
              <th scope="col">Of</th>
              <th scope="col">Limit</th>
              <th scope="col">Kind</th>
              <th scope="col" class="number">
                Keys
              </th>
              <th scope="col" class="number">
                Refused
              </th>
            </tr>
          </thead>
          <tbody>
            {limits.map((one, index) => (
              <tr key={index}>
                <th scope="row">
                  <Name>{textOf(one['route']) || textOf(one['pool'])}</Name>
                </th>
                <td>
                  <Name>{textOf(one['name'])}</Name>
                </td>
                <td>{textOf(one['kind'])}</td>
                <td class="number">{formatCount(numberOf(one['keys']))}</td>
                <td class="number">{formatCount(numberOf(one['refused']))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
