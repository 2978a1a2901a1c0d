/** The configuration in force, to unfold and to search, and what changed from one to the next. No secrets come here. */
/** @jsxImportSource preact */
import { useMemo } from 'preact/hooks'
import { Find } from '../parts/filter.tsx'
import { Reloading } from '../parts/reloading.tsx'
import { Name, Note } from '../parts/signs.tsx'
import { type Leaf, linesOf, type Node, treeOf } from '../state/config-tree.ts'
import { type InForce, readGenerations } from '../state/records.ts'
import { whenText } from '../state/when.ts'
import type { Screen } from './overview.tsx'

export function Config({ state, send }: Screen) {
  return (
    <>
      <section class="card" aria-label="What changed">
        <div class="card-head">
          <h2>What changed</h2>
          <Reloading send={send} />
        </div>
        <Generations state={state} />
      </section>
      <InForceNow state={state} send={send} />
    </>
  )
}

function Generations({ state }: Pick<Screen, 'state'>) {
  const { generations } = state.fetched
  if (generations.kind === 'none') return <Note>Asking for it…</Note>
  if (generations.kind === 'failed') return <Note tone="bad">It cannot be shown: {generations.reason}</Note>
  const list = readGenerations(generations.body)
  if (list.length === 0) return <Note>It was started without a configuration file, and cannot be changed.</Note>
  return (
    <ol class="records">
      {list.map((one, index) => (
        <Generation key={one.number} one={one} isCurrent={index === 0} now={state.now} />
      ))}
    </ol>
  )
}

interface GenerationProps {
  readonly one: InForce
  readonly isCurrent: boolean
  readonly now: number
}

function Generation({ one, isCurrent, now }: GenerationProps) {
  const { number, at, origin, summary, changes, omitted } = one
  return (
    <li class="record">
      <time class="dim">{whenText(at, now)}</time>
      <span class={isCurrent ? 'tone-good' : ''}>
        {isCurrent && (
          <span class="sign" aria-hidden="true">
            ●
          </span>
        )}{' '}
        generation {number}
        {isCurrent ? ', in force' : ''}
      </span>
      <span class="dim">
        by <Name>{origin}</Name>
      </span>
      {changes.length === 0 ? (
        <p>
          <Name>{summary}</Name>
        </p>
      ) : (
        <ul class="changes">
          {changes.map(({ key, text }, index) => (
            <li key={index}>
              <code>{key}</code> <Name>{text}</Name>
            </li>
          ))}
          {omitted > 0 && <li class="dim">and {omitted} more</li>}
        </ul>
      )}
    </li>
  )
}

function InForceNow({ state, send }: Pick<Screen, 'state' | 'send'>) {
  const { config } = state.fetched
  const { filter } = state.choices
  return (
    <section class="card" aria-label="Configuration in force">
      <div class="card-head">
        <h2>In force</h2>
        <Find state={state} send={send} hint="key or value" />
        <span class="dim">Defaults filled in, durations in ms, sizes in bytes, secrets as ***.</span>
      </div>
      {config.kind === 'none' && <Note>Asking for it…</Note>}
      {config.kind === 'failed' && <Note tone="bad">It cannot be shown: {config.reason}</Note>}
      {config.kind === 'ok' &&
        (filter.trim() === '' ? <Whole body={config.body} /> : <Found body={config.body} filter={filter} />)}
    </section>
  )
}

/** Made once for each configuration, and not with every number that is drawn: it has a line for each setting of each backend. */
const Whole = ({ body }: { readonly body: unknown }) => useMemo(() => <Tree node={treeOf(body)} depth={0} />, [body])

function Found({ body, filter }: { readonly body: unknown; readonly filter: string }) {
  const lines = linesOf(treeOf(body), filter)
  if (lines.length === 0) return <Note>Nothing there is like that.</Note>
  return (
    <ul class="config-lines">
      {lines.map(({ path, value }) => (
        <li key={path}>
          <Name>{path}</Name> <Value value={value} />
        </li>
      ))}
    </ul>
  )
}

function Tree({ node, depth }: { readonly node: Node; readonly depth: number }) {
  if (node.kind === 'leaf')
    return (
      <div class="config-leaf">
        <span class="config-key">{node.name}</span> <Value value={node.value} />
      </div>
    )
  const { name, isList, children } = node
  if (depth === 0) return <Branches nodes={children} depth={depth} />
  if (children.length === 0)
    return (
      <div class="config-leaf">
        <span class="config-key">{name}</span> <span class="dim">{isList ? 'none' : 'empty'}</span>
      </div>
    )
  return (
    <details class="config-branch">
      <summary>
        <span class="config-key">{name}</span> <span class="dim">{children.length}</span>
      </summary>
      <Branches nodes={children} depth={depth} />
    </details>
  )
}

const Branches = ({ nodes, depth }: { readonly nodes: readonly Node[]; readonly depth: number }) => (
  <div class="config-branches">
    {nodes.map((child, index) => (
      <Tree key={`${child.name} ${index}`} node={child} depth={depth + 1} />
    ))}
  </div>
)

const Value = ({ value }: { readonly value: Leaf }) => (
  <code class={`config-value value-${value === null ? 'null' : typeof value}`}>{String(value)}</code>
)
