/** A pool: how it does as a whole, and its backends, each with its state in words and why it is out. */
/** @jsxImportSource preact */
import { formatInflight, formatWeight } from '../../core/view/amounts.ts'
import { latency, percent, rate } from '../../core/view/format.ts'
import { type BackendRow, rowsOf } from '../../core/view/rows.ts'
import { holdsOf, standingOf } from '../../core/view/words.ts'
import type { PoolFrame } from '../../core/report/frame.ts'
import { shownOf } from '../state/state.ts'
import type { Part } from './header.tsx'
import { Button, Name, State } from './signs.tsx'

/** More rows than these are drawn when somebody asks for them. */
const mostRows = 40

export function Pool({ state, send, pool }: Part & { readonly pool: PoolFrame }) {
  const { frame, findings } = shownOf(state)
  const { choices } = state
  const rows = rowsOf(frame, findings, { ...choices, pool: pool.name, descending: false })
  if (rows.length === 0 && (choices.filter !== '' || choices.faultsOnly)) return undefined
  const isWhole = choices.unfolded.includes(pool.name) || rows.length <= mostRows
  const shown = isWhole ? rows : rows.slice(0, mostRows)
  const slowest = Math.max(1, ...rows.map(({ backend }) => backend.latency?.p99Ms ?? 0))
  return (
    <section class="card pool" aria-label={`Pool ${pool.name}`}>
      <PoolHead pool={pool} send={send} />
      <table class="backends" role="table">
        <caption class="unseen">Backends of {pool.name}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" role="columnheader" class={isNumber ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.map((row) => (
            <Backend key={row.id} row={row} send={send} slowestMs={slowest} now={frame?.at ?? 0} />
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="note">It has no backends.</p>}
      {!isWhole && (
        <Button onClick={() => send({ kind: 'choose', choices: { unfolded: [...choices.unfolded, pool.name] } })}>
          Show {rows.length - mostRows} more
        </Button>
      )}
    </section>
  )
}

function PoolHead({ pool, send }: Pick<Part, 'send'> & { readonly pool: PoolFrame }) {
  const { usable, backends, strategy } = pool
  const usableTone = usable === 0 ? 'bad' : usable < backends.length ? 'warn' : 'good'
  const facts: readonly (readonly [string, string])[] = [
    ['requests', `${rate(pool.requestsPerSecond)}/s`],
    ['p50', latency(pool.latency?.p50Ms)],
    ['p99', latency(pool.latency?.p99Ms)],
    ['errors', percent(pool.errorRatio)],
    ['in flight', formatInflight(pool)],
    ...((pool.waiting ?? 0) > 0 ? [['waiting', String(pool.waiting)] as const] : []),
  ]
  return (
    <div class="pool-head">
      <h2>
        <Name>{pool.name}</Name>
      </h2>
      <span class={`tone-${usableTone}`}>
        {usable} of {backends.length} usable
      </span>
      <span class="dim">
        by{' '}
        <button
          type="button"
          class="link-button"
          title="How it does, and another in its place"
          onClick={() => send({ kind: 'open', dialog: { kind: 'strategy', pool: pool.name } })}
        >
          <Name>{strategy.use}</Name>
        </button>
        {strategy.reverted ? ' (kept as before: its new version failed)' : ''}
      </span>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {pool.degraded && <p class="why tone-warn">▲ {pool.degraded}</p>}
    </div>
  )
}

const columns = [
  { title: 'State', isNumber: false },
  { title: 'Backend', isNumber: false },
  { title: 'Weight', isNumber: true },
  { title: 'Share', isNumber: false },
  { title: 'In flight', isNumber: true },
  { title: 'Req/s', isNumber: true },
  { title: 'Latency, p50 to p99', isNumber: false },
  { title: 'Errors', isNumber: true },
] as const

interface BackendProps {
  readonly row: BackendRow
  readonly send: Part['send']
  readonly slowestMs: number
  readonly now: number
}

function Backend({ row: { pool, backend, finding }, send, slowestMs, now }: BackendProps) {
  const standing = standingOf(backend, finding)
  const holds = holdsOf(backend, now)
  const { weight, effectiveWeight, latency: recent } = backend
  const open = (): void => send({ kind: 'open', dialog: { kind: 'backend', pool: pool.name, backend: backend.id } })
  const why = holds.length > 0 ? holds.join('; ') : finding?.backend === undefined ? '' : finding.why
  return (
    <>
      <tr role="row" class={`backend ${why === '' ? '' : 'has-why'}`}>
        <td role="cell" data-title="State">
          <State standing={standing} />
        </td>
        <th scope="row" role="rowheader" data-title="Backend">
          <button type="button" class="link-button" onClick={open} title="Details and actions">
            <Name>{backend.id}</Name>
          </button>
          {backend.zone && (
            <span class="zone">
              <Name>{backend.zone}</Name>
            </span>
          )}
        </th>
        <td role="cell" class="number" data-title="Weight">
          {weight === effectiveWeight
            ? formatWeight(weight)
            : `${formatWeight(effectiveWeight)} of ${formatWeight(weight)}`}
        </td>
        <td role="cell" data-title="Share">
          <Share share={backend.share} expected={backend.expectedShare} />
        </td>
        <td role="cell" class="number" data-title="In flight">
          {formatInflight(backend)}
        </td>
        <td role="cell" class="number" data-title="Req/s">
          {rate(backend.requestsPerSecond)}
        </td>
        <td role="cell" data-title="Latency">
          <Spread p50={recent?.p50Ms} p99={recent?.p99Ms} slowestMs={slowestMs} />
        </td>
        <td role="cell" class={`number ${errorClass(backend.errorRatio)}`} data-title="Errors">
          {percent(backend.errorRatio)}
        </td>
      </tr>
      {why !== '' && (
        <tr role="row" class="why-row">
          <td role="cell" />
          <td role="cell" colSpan={columns.length - 1} class={`why tone-${standing.tone}`}>
            {why}
          </td>
        </tr>
      )}
    </>
  )
}

const errorClass = (ratio: number): string => (ratio >= 0.05 ? 'tone-bad' : ratio > 0 ? 'tone-warn' : '')

const whole = (ratio: number): string => `${Math.round(ratio * 100)} %`

/** What it gets, beside the mark of what its weight promises. */
const Share = ({ share, expected }: { readonly share: number; readonly expected: number }) => (
  <span class="share" title={`${whole(share)} of the requests; its weight promises ${whole(expected)}`}>
    <span class="bar" aria-hidden="true">
      <span class="bar-fill" style={{ width: `${Math.min(1, share) * 100}%` }} />
      <span class="bar-mark" style={{ left: `${Math.min(1, expected) * 100}%` }} />
    </span>
    <span class="bar-text">{whole(share)}</span>
  </span>
)

interface SpreadProps {
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly slowestMs: number
}

/** From p50 to p99, on a logarithmic axis that all of the pool share, from 0.1 ms. */
function Spread({ p50, p99, slowestMs }: SpreadProps) {
  const place = (ms: number): number => Math.max(0, Math.min(1, Math.log10(ms / 0.1) / Math.log10(slowestMs / 0.1)))
  if (p50 === undefined || p99 === undefined) return <span class="dim">–</span>
  const [from, to] = [place(p50), place(p99)]
  return (
    <span class="spread">
      <span class="bar" aria-hidden="true">
        <span class="bar-span" style={{ left: `${from * 96}%`, width: `${Math.max(0.04, to - from) * 96}%` }} />
      </span>
      <span class="bar-text">
        {latency(p50)} – {latency(p99)}
      </span>
    </span>
  )
}
