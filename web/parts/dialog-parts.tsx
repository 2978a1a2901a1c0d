/** What dialogs are made of: a title that names them, facts, and what can be done. */
/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { Name } from './signs.tsx'

export const Title = ({ children }: { readonly children: ComponentChildren }) => <h2 id="dialog-title">{children}</h2>

export const Actions = ({ children }: { readonly children: ComponentChildren }) => <div class="actions">{children}</div>

export const Facts = ({ facts }: { readonly facts: readonly (readonly [name: string, value: string])[] }) => (
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
)
