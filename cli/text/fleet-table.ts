/** The nodes of a fleet as a table for people: pure. Everything that came from the source is made printable first. */
import { generationName, isChosen, type Offer } from '../../core/fleet/release.ts'
import type { NodeRecord } from '../../core/report/fleet-status.ts'
import { counted, formatSpan } from '../../core/view/amounts.ts'
import { alignTable, type Cell } from './table.ts'
import { paint, printable } from './text.ts'

export interface FleetView {
  readonly source: string
  /** undefined: the source holds none. */
  readonly offer: Offer | undefined
  readonly nodes: readonly NodeRecord[]
  /** Wall ms. */
  readonly now: number
}

/** A node beside what it should run by now. */
export interface NodeView extends NodeRecord {
  /** null: it runs what it should; else for how long it has not, by the clocks of those who push and of whoever looks. */
  readonly lagMs: number | null
}

export const viewNodes = ({ offer, nodes, now }: FleetView): NodeView[] =>
  nodes.map((node) => ({ ...node, lagMs: lagOf(node, offer, now) }))

function lagOf({ name, generation, state }: NodeRecord, offer: Offer | undefined, now: number): number | null {
  if (offer === undefined) return null
  const wanted = isChosen(name, offer.percent) ? offer.generation : offer.before?.generation
  if (state !== 'refused' && generation === (wanted ?? null)) return null
  return Math.max(0, now - Date.parse(offer.at ?? '') || 0)
}

export function formatFleet(view: FleetView, color: boolean): string {
  const nodes = viewNodes(view)
  const header: Cell[] = ['node', 'address', 'version', 'generation', 'since', 'lag', 'health'].map((text) => ({
    text,
    style: 'dim',
    right: text === 'lag' || text === 'generation',
  }))
  const rows = nodes.map((node) => rowOf(node, view.now))
  const refusals = nodes
    .filter(({ state }) => state === 'refused')
    .map(({ name, reason }) => paint(`${printable(name)} refuses it: ${printable(reason ?? '')}\n`, 'red', color))
  const table = nodes.length === 0 ? '  no node follows it at the moment\n' : alignTable([header, ...rows], color)
  return `${headline(view)}\n${table}${refusals.join('')}`
}

function headline({ source, offer, nodes, now }: FleetView): string {
  const parts =
    offer === undefined
      ? ['holds no configuration']
      : [
          generationName(offer.generation),
          ...(offer.percent === 100 ? [] : [`for ${offer.percent} % of the nodes`]),
          ...(offer.at === undefined ? [] : [`${formatSpan(Math.max(0, now - Date.parse(offer.at)))} ago`]),
          ...(offer.by === undefined ? [] : [`by ${printable(offer.by)}`]),
        ]
  return `${printable(source)}: ${[...parts, counted(nodes.length, 'node')].join(' · ')}`
}

function rowOf({ name, address, version, generation, since, state, lagMs, health }: NodeView, now: number): Cell[] {
  const isRefusing = state === 'refused'
  return [
    { text: printable(name), ...(isRefusing && { style: 'red' }) },
    { text: printable(address) },
    { text: printable(version) },
    { text: generation === null ? '-' : String(generation), right: true },
    { text: `${formatSpan(Math.max(0, now - Date.parse(since)))} ago` },
    { text: lagMs === null ? '-' : formatSpan(lagMs), right: true, ...(lagMs !== null && { style: 'red' }) },
    { text: printable(health), ...(health !== 'ready' && { style: 'red' }) },
  ]
}
