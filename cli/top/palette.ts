/** What `:` offers: every screen, pool, backend and action by name, found by its words. Pure. */
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import type { Command } from '../../core/view/commands.ts'
import { parseWeight, weightRule } from './weight.ts'
import { subjectsOf } from './rows.ts'
import { screens, type Screen, shownOf, type UiState } from './state.ts'

export type Choice = { readonly text: string } & (
  | { readonly kind: 'screen'; readonly screen: Screen }
  | { readonly kind: 'drill'; readonly pool: string; readonly backend: string | undefined }
  | { readonly kind: 'command'; readonly command: Command }
  /** undefined: all of them. */
  | { readonly kind: 'edge'; readonly edge: number | undefined }
  | { readonly kind: 'key'; readonly key: string }
)

const shownChoices = 8

/** The best few for what was typed; all words must occur. */
export function choicesFor(state: UiState, text: string): readonly Choice[] {
  const words = text.toLowerCase().split(' ').filter(Boolean)
  const all = [...(state.readOnly ? [] : typedWeight(text)), ...allChoices(state)]
  const found = all.filter((choice) => words.every((word) => choice.text.toLowerCase().includes(word)))
  const begins = (choice: Choice): number => (choice.text.toLowerCase().startsWith(words[0] ?? '') ? 0 : 1)
  return found.toSorted((one, other) => begins(one) - begins(other)).slice(0, shownChoices)
}

function allChoices(state: UiState): Choice[] {
  const { frame } = shownOf(state)
  const looks = [
    ...screens.map((screen): Choice => ({ kind: 'screen', screen, text: screen })),
    ...subjectsOf(frame)
      .slice(1)
      .map((subject): Choice => ({ kind: 'drill', ...partsOf(subject), text: subject })),
    ...edgeChoices(state),
    { kind: 'key', key: '?', text: 'help' },
    { kind: 'key', key: '!', text: 'faults only' },
    { kind: 'key', key: 'f', text: 'freeze' },
    { kind: 'key', key: 'q', text: 'quit' },
  ] as const
  return state.readOnly ? [...looks] : [...looks, ...actions(state)]
}

/** Where several are watched. */
function edgeChoices({ edges }: UiState): Choice[] {
  if (edges.length === 1) return []
  return [
    { kind: 'edge', edge: undefined, text: 'all edges' },
    ...edges.map(({ name }, edge): Choice => ({ kind: 'edge', edge, text: `edge ${name}` })),
  ]
}

function actions(state: UiState): Choice[] {
  const pools = shownOf(state).frame?.pools ?? []
  const act = (text: string, command: Command): Choice => ({ kind: 'command', text, command })
  return [
    act('reload', { kind: 'reload' }),
    act('rollback', { kind: 'rollback' }),
    ...pools.flatMap(({ name: pool, backends }) => [
      ...backends.flatMap(({ id: backend }) =>
        (['drain', 'resume', 'check'] as const).map((kind) =>
          act(`${kind} ${pool}/${backend}`, { kind, pool, backend }),
        ),
      ),
      ...shippedStrategies.map((strategy) => act(`strategy ${pool} ${strategy}`, { kind: 'strategy', pool, strategy })),
    ]),
  ]
}

const weightPattern = /^weight (\S+\/\S+) (\S+)$/

/** `weight web/10.0.0.1:80 2`, which no list could hold. */
function typedWeight(text: string): Choice[] {
  const [, subject, number] = weightPattern.exec(text) ?? []
  const weight = parseWeight(number ?? '')
  if (subject === undefined || weight === undefined) return []
  const { pool, backend = '' } = partsOf(subject)
  return [{ kind: 'command', text, command: { kind: 'weight', pool, backend, weight } }]
}

/** Why nothing is offered for `text`. */
export function whyNothing(state: UiState, text: string): string {
  const [, subject] = weightPattern.exec(text) ?? []
  const isThere = subjectsOf(shownOf(state).frame).some((known) => known === subject)
  if (isThere && !state.readOnly) return `A weight ${weightRule}`
  return 'Nothing of that name; a weight is set with: weight POOL/BACKEND 2'
}

/** A pool's name has no slash, a backend's id may (`unix:/run/a`). */
export function partsOf(subject: string): { readonly pool: string; readonly backend: string | undefined } {
  const slash = subject.indexOf('/')
  return slash === -1
    ? { pool: subject, backend: undefined }
    : { pool: subject.slice(0, slash), backend: subject.slice(slash + 1) }
}
