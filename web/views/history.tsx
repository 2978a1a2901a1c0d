/** What has happened: what reloads came to, and the events. */
/** @jsxImportSource preact */
import { wordsOfEvent } from '../../core/view/event-words.ts'
import { holdsWords } from '../../core/view/filter.ts'
import { Find, TroubleOnly } from '../parts/filter.tsx'
import { Reloading } from '../parts/reloading.tsx'
import { Name, Note, signOf } from '../parts/signs.tsx'
import { readReloads, type Reload } from '../state/records.ts'
import { whenText } from '../state/when.ts'
import { shownOf } from '../state/state.ts'
import type { Screen } from './overview.tsx'

export function History({ state, send }: Screen) {
  return (
    <>
      <section class="card" aria-label="Reloads">
        <div class="card-head">
          <h2>Reloads</h2>
          <Reloading send={send} />
        </div>
        <Reloads state={state} />
      </section>
      <Events state={state} send={send} />
    </>
  )
}

function Reloads({ state }: Pick<Screen, 'state'>) {
  const { reloads } = state.fetched
  if (reloads.kind === 'none') return <Note>Asking for them…</Note>
  if (reloads.kind === 'failed') return <Note tone="bad">They cannot be shown: {reloads.reason}</Note>
  const list = readReloads(reloads.body)
  if (list.length === 0) return <Note>Nothing was reloaded since the start.</Note>
  return (
    <ol class="records">
      {list.map((one, index) => (
        <ReloadItem key={`${one.at} ${index}`} one={one} now={state.now} />
      ))}
    </ol>
  )
}

const resultWords: Readonly<Record<string, string>> = {
  applied: 'in force',
  unchanged: 'nothing had changed',
  partial: 'in force, but for a part',
  refused: 'refused: the old configuration stays',
}

function ReloadItem({ one, now }: { readonly one: Reload; readonly now: number }) {
  const { at, ok, result, origin, generation, kept, problems, omitted } = one
  const tone = ok ? 'good' : result === 'partial' ? 'warn' : 'bad'
  return (
    <li class="record">
      <time class="dim">{whenText(at, now)}</time>
      <span class={`tone-${tone}`}>
        <span class="sign" aria-hidden="true">
          {signOf(tone)}
        </span>{' '}
        {resultWords[result] ?? result}
      </span>
      <span class="dim">
        generation {generation}, asked by <Name>{origin}</Name>
      </span>
      {kept.length > 0 && <p>Stays as it was: {kept.join(', ')}.</p>}
      {problems.length > 0 && (
        <ul class="problems">
          {problems.map((problem, index) => (
            <li key={index}>
              <Name>{problem}</Name>
            </li>
          ))}
          {omitted > 0 && <li class="dim">and {omitted} more</li>}
        </ul>
      )}
    </li>
  )
}

const levelTones = { info: 'dim', warn: 'warn', error: 'bad' } as const
const levelWords = { info: '', warn: 'warning', error: 'error' } as const

function Events({ state, send }: Pick<Screen, 'state' | 'send'>) {
  const { choices } = state
  const all = shownOf(state).events.map((event) => ({ event, ...wordsOfEvent(event) }))
  const shown = all.filter(
    ({ event, level, message }) =>
      (!choices.faultsOnly || level !== 'info') && holdsWords([event.kind, message], choices.filter),
  )
  return (
    <section class="card" aria-label="Events">
      <div class="card-head">
        <h2>Events</h2>
        <Find state={state} send={send} />
        <TroubleOnly state={state} send={send} />
      </div>
      {shown.length === 0 && <Note>{all.length === 0 ? 'Nothing was told yet.' : 'None is like that.'}</Note>}
      <ol class="records">
        {shown.map(({ event: { id, at, kind }, level, message }) => (
          <li class="record event" key={id}>
            <time class="dim">{whenText(at, state.now)}</time>
            <span class={`event-level tone-${levelTones[level]}`}>{levelWords[level]}</span>
            <span class="event-kind dim">{kind}</span>
            <p>
              <Name>{message}</Name>
            </p>
          </li>
        ))}
      </ol>
    </section>
  )
}
