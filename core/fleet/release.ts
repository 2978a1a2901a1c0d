/**
 * What a source holds: a config, with its generation and the share of nodes that it is for. Others, while that is not all of
 * them, find in it what they are to run. A config that somebody has put there by other means, without that, is for all. Pure.
 */
import { createHash } from 'node:crypto'
import { isObject, parseObject } from '../discovery/json.ts'

/** What one node runs. */
export interface Release {
  /** From 1; undefined: nobody has numbered it. */
  readonly generation: number | undefined
  /** As it would stand in a file. */
  readonly text: string
}

export interface Offer extends Release {
  /** Above 0, up to 100: the share of nodes that it is for. */
  readonly percent: number
  /** ISO 8601. */
  readonly at?: string
  /** `ada@laptop`. */
  readonly by?: string
  readonly note?: string
  /** The generation that it is a copy of: it was rolled back to. */
  readonly of?: number
  /** For the other nodes; undefined: they keep what they have. */
  readonly before: Release | undefined
}

export type ReadOffer =
  | { readonly kind: 'offer'; readonly offer: Offer }
  /** In words. */
  | { readonly kind: 'fault'; readonly rule: string }

/** How what `config push` writes begins, and no config does. */
const MARK = /^\s*\{\s*"smartedge"\s*:/

/** Never throws. */
export function readOffer(value: string): ReadOffer {
  if (!MARK.test(value))
    return { kind: 'offer', offer: { generation: undefined, text: value, percent: 100, before: undefined } }
  const { smartedge: head, config, before } = parseObject(value) ?? {}
  if (!isObject(head) || typeof config !== 'string') return fault('is no release that `config push` has written')
  const { generation, rollout, at, by, note, of } = head
  if (generation !== undefined && !isGeneration(generation))
    return fault('has a generation that is no whole number from 1')
  if (typeof rollout !== 'number' || !(rollout > 0 && rollout <= 100)) return fault('has a rollout outside of 0 to 100')
  if (before !== undefined && !isRelease(before)) return fault('has a "before" that is no generation and config')
  const texts = Object.entries({ at, by, note }).filter(([, text]) => typeof text === 'string')
  return {
    kind: 'offer',
    offer: {
      generation,
      text: config,
      percent: rollout,
      ...Object.fromEntries(texts),
      ...(isGeneration(of) && { of }),
      before: before && { generation: before.generation, text: before.config },
    },
  }
}

/** What `readOffer` reads. */
export function writeOffer({ generation, text, percent, at, by, note, of, before }: Offer): string {
  const head = { generation, rollout: percent, at, by, note, of }
  const other = before && { generation: before.generation, config: before.text }
  return `${JSON.stringify({ smartedge: head, config: text, before: other })}\n`
}

/** What the node of that name is to run; undefined: what it runs. */
export const releaseFor = (offer: Offer, node: string): Release | undefined =>
  isChosen(node, offer.percent) ? { generation: offer.generation, text: offer.text } : offer.before

/** Whether a node is among the first `percent`: the same nodes each time, and more of them the higher it is. */
export const isChosen = (node: string, percent: number): boolean => placeOf(node) < percent

/** 0 up to, and not, 100: as likely the one as the other, whatever nodes are called. */
function placeOf(node: string): number {
  const bits = createHash('sha256').update(node).digest().readUInt32BE(0)
  return (bits / 2 ** 32) * 100
}

export const generationName = (generation: number | undefined): string =>
  generation === undefined ? 'a config without a generation' : `generation ${generation}`

const fault = (rule: string): ReadOffer => ({ kind: 'fault', rule })

const isGeneration = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1

interface WrittenRelease {
  readonly generation: number | undefined
  readonly config: string
}

function isRelease(value: unknown): value is WrittenRelease {
  if (!isObject(value)) return false
  const { generation, config } = value
  return typeof config === 'string' && (generation === undefined || isGeneration(generation))
}
