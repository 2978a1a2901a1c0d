/** The calm overview: the numbers, their last minutes, and every pool with its backends. */
/** @jsxImportSource preact */
import { latency, rate } from '../../core/view/format.ts'
import { pointsOf } from '../../core/view/history.ts'
import { sortKeys, type SortKey } from '../../core/view/rows.ts'
import type { Colors } from '../charts/colors.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { Find, TroubleOnly } from '../parts/filter.tsx'
import type { Part } from '../parts/header.tsx'
import { Pool } from '../parts/pool.tsx'
import { Note } from '../parts/signs.tsx'
import { SpanChoice } from '../parts/span-choice.tsx'
import { Tiles } from '../parts/tiles.tsx'
import { shownOf, spanSeconds } from '../state/state.ts'

export interface Screen extends Part {
  readonly colors: Colors
}

export function Overview({ state, send, colors }: Screen) {
  const { frame } = shownOf(state)
  if (frame === undefined) return <Note>Waiting for the first numbers…</Note>
  return (
    <>
      <Tiles state={state} />
      <Charts state={state} send={send} colors={colors} />
      <Filter state={state} send={send} />
      {frame.pools.map((pool) => (
        <Pool key={pool.name} state={state} send={send} pool={pool} />
      ))}
    </>
  )
}

function Charts({ state, send, colors }: Screen) {
  const { history } = shownOf(state)
  const points = pointsOf(history, '', spanSeconds(state))
  const end = (history.at(-1)?.at ?? 0) / 1000
  const times = points.map((_, index) => end - (points.length - 1 - index))
  const now = points.at(-1)
  const most = Math.max(0, ...points.map((point) => point?.requestsPerSecond ?? 0))
  const slowest = Math.max(0, ...points.map((point) => point?.p99Ms ?? 0))
  return (
    <section class="card charts" aria-label="The last minutes">
      <SpanChoice state={state} send={send} />
      <TimeChart
        title="Requests a second"
        summary={`now ${rate(now?.requestsPerSecond ?? 0)}, at most ${rate(most)}`}
        times={times}
        format={rate}
        colors={colors}
        curves={[
          { label: 'requests', color: 'accent', isArea: true, values: points.map((one) => one?.requestsPerSecond) },
          {
            label: 'errors',
            color: 'bad',
            isArea: true,
            values: points.map((one) => one && one.requestsPerSecond * one.errorRatio),
          },
        ]}
      />
      <TimeChart
        title="Latency"
        summary={`now p50 ${latency(now?.p50Ms)}, p99 ${latency(now?.p99Ms)}, p99 at most ${latency(slowest)}`}
        times={times}
        format={(ms) => (ms === 0 ? '0' : latency(ms))}
        colors={colors}
        curves={[
          { label: 'p99', color: 'second', values: points.map((one) => one?.p99Ms) },
          { label: 'p50', color: 'accent', values: points.map((one) => one?.p50Ms) },
        ]}
      />
    </section>
  )
}

const sortWords: Readonly<Partial<Record<SortKey, string>>> = { trouble: 'trouble first' }

function Filter({ state, send }: Part) {
  const { choices } = state
  return (
    <div class="filter" role="search">
      <Find state={state} send={send} hint="name, state, zone" />
      <label>
        Sort by{' '}
        <select
          value={choices.sort}
          onChange={({ currentTarget }) => {
            const sort = sortKeys.find((key) => key === currentTarget.value)
            if (sort !== undefined) send({ kind: 'choose', choices: { sort } })
          }}
        >
          {sortKeys.map((key) => (
            <option key={key} value={key}>
              {sortWords[key] ?? key}
            </option>
          ))}
        </select>
      </label>
      <TroubleOnly state={state} send={send} />
    </div>
  )
}
