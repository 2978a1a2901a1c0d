/** A backend, and what can be done to it; its weight. */
/** @jsxImportSource preact */
import { useState } from 'preact/hooks'
import { formatInflight, formatWeight } from '../../core/view/amounts.ts'
import type { Command } from '../../core/view/commands.ts'
import { latency, percent, rate } from '../../core/view/format.ts'
import { subjectOf } from '../../core/view/history.ts'
import { rowsOf } from '../../core/view/rows.ts'
import { checkOf, holdsOf, standingOf } from '../../core/view/words.ts'
import { shownOf } from '../state/state.ts'
import { hashOf } from '../state/views.ts'
import { whenText } from '../state/when.ts'
import { Actions, Facts, Title } from './dialog-parts.tsx'
import type { Part } from './header.tsx'
import { Button, Name, Note, State } from './signs.tsx'

interface Of {
  readonly pool: string
  readonly backend: string
}

export function BackendDialog({ state, send, pool, backend: id }: Part & Of) {
  const { frame, findings } = shownOf(state)
  const all = rowsOf(frame, findings, { pool, filter: '', faultsOnly: false, sort: 'name', descending: false })
  const row = all.find((one) => one.backend.id === id)
  const close = <Button onClick={() => send({ kind: 'close' })}>Close</Button>
  if (row === undefined || frame === undefined)
    return (
      <>
        <Title>
          <Name>{id}</Name>
        </Title>
        <Note>It is gone.</Note>
        <Actions>{close}</Actions>
      </>
    )
  const { backend, finding } = row
  const at = { pool, backend: id }
  const ask = (command: Command): void => send({ kind: 'ask', command })
  const facts: readonly (readonly [string, string])[] = [
    ['Pool', pool],
    ['Since', whenText(backend.since, frame.at)],
    ['Zone', backend.zone ?? '–'],
    ['Weight', `${backend.weight}, now ${formatWeight(backend.effectiveWeight)}`],
    ['Share', `${percent(backend.share)}, promised ${percent(backend.expectedShare)}`],
    ['In flight', formatInflight(backend)],
    ['Requests', `${rate(backend.requestsPerSecond)}/s`],
    [
      'Latency',
      `p50 ${latency(backend.latency?.p50Ms)}, p95 ${latency(backend.latency?.p95Ms)}, p99 ${latency(backend.latency?.p99Ms)}`,
    ],
    ['Errors', `${percent(backend.errorRatio)}${backend.worstError === null ? '' : `, mostly ${backend.worstError}`}`],
    ['Last check', checkOf(backend.check, frame.at)],
  ]
  return (
    <>
      <Title>
        <Name>{id}</Name>
      </Title>
      <p>
        <State standing={standingOf(backend, finding)} />
      </p>
      {holdsOf(backend, frame.at).map((hold) => (
        <p class="why" key={hold}>
          {hold}
        </p>
      ))}
      <Facts facts={facts} />
      <Actions>
        <Button onClick={() => send({ kind: 'open', dialog: { kind: 'weight', ...at } })}>Weight…</Button>
        <Button onClick={() => ask({ kind: 'check', ...at })}>Check now</Button>
        <Button
          onClick={() => {
            send({ kind: 'choose', choices: { subject: subjectOf(pool, id) } })
            location.hash = hashOf('latency')
          }}
        >
          Latencies
        </Button>
        {backend.state === 'draining' ? (
          <Button kind="main" onClick={() => ask({ kind: 'resume', ...at })}>
            Resume
          </Button>
        ) : (
          <Button kind="danger" onClick={() => ask({ kind: 'drain', ...at })}>
            Drain
          </Button>
        )}
        {close}
      </Actions>
    </>
  )
}

export function WeightDialog({ state, send, pool, backend: id }: Part & Of) {
  const backend = shownOf(state)
    .frame?.pools.find(({ name }) => name === pool)
    ?.backends.find((one) => one.id === id)
  const [text, setText] = useState(String(backend?.weight ?? 1))
  const weight = text.trim() === '' ? Number.NaN : Number(text)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (weight > 0) send({ kind: 'ask', command: { kind: 'weight', pool, backend: id, weight } })
      }}
    >
      <Title>
        Weight of <Name>{id}</Name>
      </Title>
      <p class="dim">Its part of the pool’s requests beside the others; 1 is neutral.</p>
      <label>
        Weight{' '}
        <input
          type="number"
          min="0.001"
          max="1000"
          step="any"
          value={text}
          autoFocus
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <Actions>
        <button type="submit" class="button button-main" disabled={!(weight > 0)}>
          Set…
        </button>
        <Button onClick={() => send({ kind: 'close' })}>Cancel</Button>
      </Actions>
    </form>
  )
}
