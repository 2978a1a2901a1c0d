/** Small things that are everywhere: a state by sign and word, a name as it was given, a button, a note. */
/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import type { Standing, Tone } from '../../core/view/words.ts'

const signs: Readonly<Record<string, string>> = {
  healthy: '●',
  unhealthy: '✖',
  draining: '◐',
  unchecked: '○',
  spare: '○',
  good: '●',
  warn: '▲',
  bad: '✖',
}

export const signOf = (name: string): string => signs[name] ?? '?'

/** Never colour alone: a sign and a word beside it. */
export const State = ({ standing: { sign, word, tone } }: { readonly standing: Standing }) => (
  <span class={`state tone-${tone}`}>
    <span class="sign" aria-hidden="true">
      {signOf(sign)}
    </span>{' '}
    {word}
  </span>
)

/** Whatever it holds, it is text, and turns nothing around it to another direction. */
export const Name = ({ children }: { readonly children: string }) => <bdi class="name">{children}</bdi>

export const Button = ({
  onClick,
  children,
  kind = 'plain',
  ...rest
}: {
  readonly onClick: () => void
  readonly children: ComponentChildren
  readonly kind?: 'plain' | 'main' | 'danger' | 'quiet'
  readonly disabled?: boolean
  readonly title?: string
  readonly pressed?: boolean
}) => (
  <button
    type="button"
    class={`button button-${kind}`}
    onClick={onClick}
    disabled={rest.disabled ?? false}
    title={rest.title}
    {...(rest.pressed !== undefined && { 'aria-pressed': rest.pressed })}
  >
    {children}
  </button>
)

/** Says in a sentence why there is nothing to see. */
export const Note = ({ tone = 'dim', children }: { readonly tone?: Tone; readonly children: ComponentChildren }) => (
  <p class={`note tone-${tone}`}>{children}</p>
)
