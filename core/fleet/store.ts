/**
 * The contract of a place that holds a fleet's config: it is followed by nodes, and where it can be written to, changed by
 * commands, and shows nodes each other. Nothing here knows what the value means.
 */
import type { Cancel } from '../clock.ts'

/** What a store tells of its value, each time in an event of its own and never once it was stopped. */
export interface ValueSink {
  /** All of it; the same once more is no change. */
  value(text: string): void
  /** It still is what it was. */
  confirm(): void
  /** The store cannot be had, or holds none; why, in words. */
  lose(reason: string): void
}

export interface Fault {
  readonly kind: 'fault'
  /** In words, behind what the store is called. Never a secret. */
  readonly reason: string
}

/** `version`: tells it from what the store holds at any other time. */
export type Held =
  | { readonly kind: 'held'; readonly value: string; readonly version: string }
  /** It has none. */
  | { readonly kind: 'absent' }
  | Fault

export interface ConfigStore {
  /** For people. */
  readonly name: string
  /** Begins to tell, and goes on until the cancel that is returned; tries for ever. */
  follow(sink: ValueSink): Cancel
  /** Once. Never rejects; neither does anything else here. */
  read(): Promise<Held>
  /** undefined: it is only read. */
  readonly shared: SharedStore | undefined
}

/** What is written beside the value. */
export interface Swap {
  /** What the store must still hold; undefined: nothing. */
  readonly version: string | undefined
  readonly value: string
  /** Kept under its generation. */
  readonly past: { readonly generation: number; readonly value: string } | undefined
  /** Generations that are forgotten. */
  readonly forget: readonly number[]
}

export type Swapped = { readonly kind: 'swapped' } | { readonly kind: 'overtaken' } | Fault

export interface Listed {
  readonly kind: 'listed'
  /** By what is behind the prefix. */
  readonly values: ReadonlyMap<string, string>
}

export interface SharedStore {
  /** All of it, or nothing where somebody else was faster. */
  swap(swap: Swap): Promise<Swapped>
  /** What stands under `history` or `nodes`. */
  list(what: 'history' | 'nodes'): Promise<Listed | Fault>
  /** For what ends with this process. */
  readonly lease: LeaseCalls
}

/** What is bound to a lease is gone soon after nobody has renewed it. */
export interface LeaseCalls {
  grant(): Promise<{ readonly kind: 'granted'; readonly id: string } | Fault>
  /** `ended`: it has run out, or is not known any more. */
  renew(id: string): Promise<{ readonly kind: 'renewed' } | { readonly kind: 'ended' } | Fault>
  /** `taken`: another lease has it. */
  put(id: string, node: string, text: string): Promise<{ readonly kind: 'put' } | { readonly kind: 'taken' } | Fault>
  revoke(id: string): Promise<void>
}

/** What a store says that has nothing under its key. */
export const absent = (key: string): string => `has no key ${key}`

/** s, of a lease. A node that is cut off is shown for that long, at Consul's for twice as long at most. */
export const LEASE_SECONDS = 15
