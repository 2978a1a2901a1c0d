/**
 * A ledger: a set of counters declared once, from which follow the record that the data plane counts in, its shape in a
 * status answer and its metrics. Counting is `record.requests += 1` on a plain object; nothing here runs on a request's
 * way.
 */

/** One counter, or gauge. */
export interface CounterSpec {
  /** What it counts, for people: one sentence. */
  readonly help: string
  /** 'gauge': it also falls. Without it, it only rises. */
  readonly type?: 'gauge'
  /** What one count is, where that is no thing of its own: it ends the metric's name. */
  readonly unit?: 'bytes'
  /** The metric's name without prefix, unit and `_total`; undefined: it has none, as the sum of others. */
  readonly metric?: string
  /** Tells it from the others of its metric. */
  readonly label?: readonly [name: string, value: string]
  /** Where a status answer has it, when not under its own key: a group, and a name in that. */
  readonly status?: readonly [group: string, name: string]
}

export type CounterSpecs = Readonly<Record<string, CounterSpec>>

/** The record to count in. */
export type CountersOf<Specs extends CounterSpecs> = { -readonly [Key in keyof Specs]: number }

type GroupOf<Spec> = Spec extends { readonly status: readonly [infer Group extends string, string] } ? Group : never
type NameIn<Spec, Group> = Spec extends { readonly status: readonly [Group, infer Name extends string] } ? Name : never

/** The record as a status answer tells it, groups as objects of their own. */
export type StatusOf<Specs extends CounterSpecs> = {
  readonly [Key in keyof Specs as GroupOf<Specs[Key]> extends never ? Key : GroupOf<Specs[Key]>]: GroupOf<
    Specs[Key]
  > extends never
    ? number
    : { readonly [Member in keyof Specs as NameIn<Specs[Member], GroupOf<Specs[Key]>>]: number }
}

/** The counters of one metric, in order. */
export interface Family<Key extends string> {
  /** Without the prefix. */
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly { readonly key: Key; readonly label: readonly [name: string, value: string] | undefined }[]
}

export interface Ledger<Specs extends CounterSpecs> {
  /** In the order they were declared, which is that of every answer. */
  readonly specs: Specs
  readonly families: readonly Family<keyof Specs & string>[]
  /** A new record, all zero. */
  create(): CountersOf<Specs>
  /** A copy that later counting does not change. */
  status(counters: Readonly<CountersOf<Specs>>): StatusOf<Specs>
}

export function ledger<const Specs extends CounterSpecs>(specs: Specs): Ledger<Specs> {
  type Key = keyof Specs & string
  const keys = Object.keys(specs) as Key[]
  const zeros = Object.fromEntries(keys.map((key) => [key, 0])) as CountersOf<Specs>
  return {
    specs,
    families: familiesOf(keys, specs),
    create: () => ({ ...zeros }),
    status: (counters) => {
      const told = grouped<unknown>(
        specs,
        (key) => counters[key],
        (members) => members,
      )
      return told as StatusOf<Specs>
    },
  }
}

/** The shape of a status answer, of whatever is told of each counter: its number, its schema. */
export function grouped<Value>(
  specs: CounterSpecs,
  valueOf: (key: string, spec: CounterSpec) => Value,
  ofGroup: (members: Readonly<Record<string, Value>>) => Value,
): Record<string, Value> {
  const told: Record<string, Value> = {}
  for (const [key, spec] of Object.entries(specs)) {
    const [group] = spec.status ?? []
    if (group === undefined) told[key] = valueOf(key, spec)
    else told[group] ??= ofGroup(membersOf(group, specs, valueOf))
  }
  return told
}

function membersOf<Value>(
  group: string,
  specs: CounterSpecs,
  valueOf: (key: string, spec: CounterSpec) => Value,
): Record<string, Value> {
  const members: Record<string, Value> = {}
  for (const [key, spec] of Object.entries(specs)) {
    if (spec.status?.[0] === group) members[spec.status[1]] = valueOf(key, spec)
  }
  return members
}

/** In the order of the first counter of each. */
function familiesOf<Key extends string>(
  keys: readonly Key[],
  specs: Readonly<Record<Key, CounterSpec>>,
): Family<Key>[] {
  const families = new Map<string, Family<Key> & { samples: Family<Key>['samples'][number][] }>()
  for (const key of keys) {
    const { metric, type = 'counter', unit, help, label } = specs[key]
    if (metric === undefined) continue
    const name = [metric, unit, type === 'counter' ? 'total' : undefined].filter((part) => part !== undefined).join('_')
    const family = families.get(name) ?? { name, type, help, samples: [] }
    families.set(name, family)
    family.samples.push({ key, label })
  }
  return [...families.values()]
}
