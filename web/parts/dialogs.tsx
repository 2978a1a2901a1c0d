/** What lies over the page: a backend and what can be done to it, a question before anything is done, the token, the keys. */
/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatInflight, formatWeight } from '../../core/view/amounts.ts'
import { type Command, questionOf } from '../../core/view/commands.ts'
import { latency, percent, rate } from '../../core/view/format.ts'
import { subjectOf } from '../../core/view/history.ts'
import { rowsOf } from '../../core/view/rows.ts'
import { checkOf, holdsOf, standingOf } from '../../core/view/words.ts'
import { shortcuts } from '../shortcuts.ts'
import { type Dialog, type Foresight, shownOf } from '../state/state.ts'
import { whenText } from '../state/when.ts'
import type { Part } from './header.tsx'
import { Button, Name, Note, State } from './signs.tsx'

export function Dialogs({ state, send }: Part) {
  const { dialog } = state
  const element = useRef<HTMLDialogElement>(null)
  const key = dialog === undefined ? undefined : keyOf(dialog)
  // Another one in its place is opened anew: so the focus goes into it, its name is read out, and both find back.
  useEffect(() => {
    const { current } = element
    if (key === undefined || current === null) return
    // Of the one before it is told late, when this one is open.
    const takeClose = (): void => {
      if (!current.open) send({ kind: 'close' })
    }
    current.showModal()
    current.addEventListener('close', takeClose)
    return () => {
      current.removeEventListener('close', takeClose)
      current.close()
    }
  }, [key])
  return (
    <dialog ref={element} aria-labelledby="dialog-title">
      {dialog !== undefined && <Content key={key} state={state} send={send} dialog={dialog} />}
    </dialog>
  )
}

const keyOf = (dialog: Dialog): string =>
  [dialog.kind, 'backend' in dialog ? dialog.backend : '', 'told' in dialog ? (dialog.told ?? '') : ''].join(' ')

function Content({ state, send, dialog }: Part & { readonly dialog: Dialog }) {
  switch (dialog.kind) {
    case 'shortcuts':
      return <Shortcuts state={state} send={send} />
    case 'backend':
      return <Backend state={state} send={send} {...dialog} />
    case 'weight':
      return <Weight state={state} send={send} {...dialog} />
    case 'confirm':
      return <Confirm state={state} send={send} {...dialog} />
    case 'token':
      return <Token send={send} {...dialog} />
  }
}

const Title = ({ children }: { readonly children: ComponentChildren }) => <h2 id="dialog-title">{children}</h2>

const Actions = ({ children }: { readonly children: ComponentChildren }) => <div class="actions">{children}</div>

interface Of {
  readonly pool: string
  readonly backend: string
}

function Backend({ state, send, pool, backend: id }: Part & Of) {
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
      <dl class="details">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Name>{value}</Name>
            </dd>
          </div>
        ))}
      </dl>
      <Actions>
        {backend.state === 'draining' ? (
          <Button kind="main" onClick={() => ask({ kind: 'resume', ...at })}>
            Resume
          </Button>
        ) : (
          <Button kind="danger" onClick={() => ask({ kind: 'drain', ...at })}>
            Drain
          </Button>
        )}
        <Button onClick={() => send({ kind: 'open', dialog: { kind: 'weight', ...at } })}>Weight…</Button>
        <Button onClick={() => ask({ kind: 'check', ...at })}>Check now</Button>
        <Button
          onClick={() => {
            send({ kind: 'choose', choices: { subject: subjectOf(pool, id) } })
            location.hash = '#latency'
          }}
        >
          Latencies
        </Button>
        {close}
      </Actions>
    </>
  )
}

function Weight({ state, send, pool, backend: id }: Part & Of) {
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

const verbs: Readonly<Record<Command['kind'], string>> = {
  drain: 'Drain',
  resume: 'Resume',
  check: 'Check now',
  weight: 'Set',
  strategy: 'Switch',
  reload: 'Reload',
  rollback: 'Roll back',
}

function Confirm({
  state,
  send,
  command,
  foresight,
}: Part & { readonly command: Command; readonly foresight: Foresight | undefined }) {
  return (
    <>
      <Title>{questionOf(command, state.live.frame)}</Title>
      {foresight && <Foreseen foresight={foresight} />}
      <Actions>
        <Button
          kind={command.kind === 'drain' ? 'danger' : 'main'}
          onClick={() => send({ kind: 'confirmed', command })}
        >
          {verbs[command.kind]}
        </Button>
        <Button onClick={() => send({ kind: 'close' })}>Leave it</Button>
      </Actions>
    </>
  )
}

function Foreseen({ foresight }: { readonly foresight: Foresight }) {
  switch (foresight.kind) {
    case 'asked':
      return <Note>Asking what that would change…</Note>
    case 'failed':
      return <Note tone="bad">{foresight.reason}</Note>
    case 'told':
      return (
        <ul class="changes" aria-label="What it would change">
          {foresight.lines.map((line) => (
            <li key={line}>
              <Name>{line}</Name>
            </li>
          ))}
        </ul>
      )
  }
}

function Token({
  send,
  told,
  next,
}: Pick<Part, 'send'> & { readonly told: string | undefined; readonly next: Command | undefined }) {
  const [text, setText] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') send({ kind: 'token', token: text })
      }}
    >
      <Title>The token</Title>
      {told !== undefined && (
        <p class="note tone-bad" role="alert">
          {told}
        </p>
      )}
      <p class="dim">
        It is kept until this tab is closed, and sent to this address alone.
        {next === undefined ? '' : ' What was asked for is then sent again.'}
      </p>
      <label>
        Token{' '}
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={text}
          autoFocus
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <Actions>
        <button type="submit" class="button button-main" disabled={text.trim() === ''}>
          Use it
        </button>
        <Button onClick={() => send({ kind: 'close' })}>Cancel</Button>
      </Actions>
    </form>
  )
}

function Shortcuts({ state: { choices }, send }: Part) {
  return (
    <>
      <Title>Keys</Title>
      <dl class="details keys-list">
        {shortcuts.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={choices.keys}
          onChange={({ currentTarget }) => send({ kind: 'choose', choices: { keys: currentTarget.checked } })}
        />{' '}
        Single keys do this
      </label>
      <Actions>
        <Button kind="main" onClick={() => send({ kind: 'close' })}>
          Close
        </Button>
      </Actions>
    </>
  )
}
