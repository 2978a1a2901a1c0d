/** How long answers take, of all, a pool or a backend: percentiles, a histogram, and a heat map over time. */
/** @jsxImportSource preact */
import { formatCount } from '../../core/view/amounts.ts'
import { isEmpty } from '../../core/view/bins.ts'
import { latency, percent, span } from '../../core/view/format.ts'
import { countsOf, subjectOf } from '../../core/view/history.ts'
import { quantile, type Sparse, sumSparse, totalOf } from '../../core/view/steps.ts'
import { Canvas } from '../charts/canvas.tsx'
import { paintHeatMap, paintHistogram } from '../charts/distribution.ts'
import { Name, Note } from '../parts/signs.tsx'
import { SpanChoice } from '../parts/span-choice.tsx'
import { type AppState, shownOf, spanSeconds } from '../state/state.ts'
import type { Screen } from './overview.tsx'

const ratios = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const

export function Latency({ state, send, colors }: Screen) {
  const { hello, history } = shownOf(state)
  const { subject } = state.choices
  const seconds = spanSeconds(state)
  // Two steps of the balancer's scale are one here.
  const bounds = (hello?.boundsMs ?? []).filter((_, index) => index % 2 === 0)
  const columns = countsOf(history, subject, seconds)
  const counts = sumSparse(columns)
  const marks = ratios.map(([label, ratio]) => ({ label, ms: quantile(counts, ratio, bounds) ?? 0 }))
  const told = `${formatCount(totalOf(counts))} answers in ${span(columns.length)}: ${marks
    .map(({ label, ms }) => `${label} ${latency(ms)}`)
    .join(', ')}`
  return (
    <>
      <div class="filter">
        <Subject state={state} send={send} />
        <SpanChoice state={state} send={send} />
      </div>
      {isEmpty(counts) ? (
        <Note>No answers were seen in this time.</Note>
      ) : (
        <>
          <section class="card" aria-label="Percentiles and histogram">
            <h2>How long answers take</h2>
            <p class="dim">{told}</p>
            <Canvas
              height={240}
              label={`Histogram. ${told}`}
              draw={(context, size) => paintHistogram(context, size, { counts, marks, bounds, colors })}
            />
            <Counts counts={counts} bounds={bounds} />
          </section>
          <section class="card" aria-label="Heat map">
            <h2>Over time</h2>
            <p class="dim">Time goes to the right, latency upward; the stronger a field, the more answers.</p>
            <Canvas
              height={220}
              label={`Heat map of the last ${span(columns.length)}: most answers took ${latency(marks[0]?.ms)}`}
              draw={(context, size) => paintHeatMap(context, size, { columns, bounds, colors })}
            />
            <p class="time-axis dim" aria-hidden="true">
              <span>{span(columns.length)} ago</span>
              <span>now</span>
            </p>
          </section>
        </>
      )}
    </>
  )
}

/** A pool's name, or `pool/backend`. */
function Subject({ state, send }: Pick<Screen, 'state' | 'send'>) {
  return (
    <label>
      Of{' '}
      <select
        value={state.choices.subject}
        onChange={({ currentTarget }) => send({ kind: 'choose', choices: { subject: currentTarget.value } })}
      >
        <option value="">all</option>
        {subjectsOf(state).map(({ pool, backends }) => (
          <optgroup key={pool} label={pool}>
            <option value={pool}>{pool}, all of it</option>
            {backends.map((subject) => (
              <option key={subject} value={subject}>
                {subject}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  )
}

const subjectsOf = (state: AppState) =>
  (shownOf(state).frame?.pools ?? []).map((pool) => ({
    pool: pool.name,
    backends: pool.backends.map((backend) => subjectOf(pool.name, backend.id)),
  }))

/** What the histogram shows, as a table. */
function Counts({ counts, bounds }: { readonly counts: Sparse; readonly bounds: readonly number[] }) {
  const total = totalOf(counts)
  const rows = Array.from({ length: counts.length / 2 }, (_, index) => {
    const [step = 0, count = 0] = [counts[2 * index], counts[2 * index + 1]]
    return { step, count, label: `${latency(bounds[step])} to ${latency(bounds[step + 1])}` }
  })
  return (
    <details>
      <summary>As a table</summary>
      <table class="plain">
        <caption class="unseen">Answers by latency</caption>
        <thead>
          <tr>
            <th scope="col">Latency</th>
            <th scope="col" class="number">
              Answers
            </th>
            <th scope="col" class="number">
              Part
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ step, count, label }) => (
            <tr key={step}>
              <th scope="row">
                <Name>{label}</Name>
              </th>
              <td class="number">{formatCount(count)}</td>
              <td class="number">{percent(count / total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
