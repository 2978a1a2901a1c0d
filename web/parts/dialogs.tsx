/** What lies over the page: what a backend or a strategy is about, a question before anything is done, the token, the keys. */
/** @jsxImportSource preact */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Command, questionOf } from '../../core/view/commands.ts'
import { shortcuts } from '../shortcuts.ts'
import type { Dialog, Foresight } from '../state/state.ts'
import { BackendDialog, WeightDialog } from './backend-dialogs.tsx'
import { Actions, Title } from './dialog-parts.tsx'
import type { Part } from './header.tsx'
import { Button, Name, Note } from './signs.tsx'
import { StrategyDialog } from './strategy-dialog.tsx'

export function Dialogs({ state, send }: Part) {
  const { dialog } = state
  const element = useRef<HTMLDialogElement>(null)
  const key = dialog === undefined ? undefined : keyOf(dialog)
  // Another one in its place is opened anew: so the focus goes into it, its name is read out, and both find back.
  useEffect(() => {
    const { current } = element
    if (key === undefined || current === null) return
    const taking = new AbortController()
    const { signal } = taking
    const leave = (event: Event): void => {
      event.preventDefault()
      send({ kind: 'close' })
    }
    current.showModal()
    current.addEventListener('cancel', leave, { signal })
    // Browsers that do not let that be prevented tell late that it is closed: of the one before when this one is open.
    current.addEventListener('close', (event) => !current.open && leave(event), { signal })
    return () => {
      taking.abort()
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
      return <BackendDialog state={state} send={send} {...dialog} />
    case 'weight':
      return <WeightDialog state={state} send={send} {...dialog} />
    case 'strategy':
      return <StrategyDialog state={state} send={send} {...dialog} />
    case 'confirm':
      return <Confirm state={state} send={send} {...dialog} />
    case 'token':
      return <Token send={send} {...dialog} />
  }
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
