/**
 * The defaults of what bounds how much is done at once, and of who waits or is refused beyond that: bounds, queue,
 * priorities, overload. Part of `defaults.ts`'s table, under the same rules.
 */
import type { Setting, TextSetting } from './setting.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const kibibyte = 1024

export const boundDefaults = {
  'pool.backend.maxInflight': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000,
    reason: 'Only who runs the backend knows what it bears.',
  },
  'pool.maxInflight': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000,
    reason: 'Only who runs what stands behind all of them, such as a database, knows what it bears.',
  },
  'pool.concurrency.start': {
    unit: 'count',
    value: 20,
    min: 1,
    max: 1_000_000,
    reason: 'As in Netflix’s concurrency-limits: little enough for a small backend, and it grows by 8 a second.',
  },
  'pool.concurrency.min': {
    unit: 'count',
    value: 20,
    min: 1,
    max: 1_000_000,
    reason:
      'As there: below it the chance of a few slow requests looks like overload. Lower it for backends of few workers.',
  },
  'pool.concurrency.max': {
    unit: 'count',
    value: 200,
    min: 1,
    max: 1_000_000,
    reason: 'As there: a backend that bears more is hardly the one that needs a limit.',
  },
  'pool.concurrency.tolerance': {
    unit: 'ratio',
    value: 1.5,
    min: 1,
    max: 100,
    reason: 'As there: half as long again is what traffic itself does from one minute to the next.',
  },
  'pool.queue.length': {
    unit: 'count',
    value: 1000,
    min: 1,
    max: 100_000,
    reason: 'A burst fits in, at a few KiB each; one that lasts is better told so than kept waiting.',
  },
  'pool.queue.timeout': {
    unit: 'ms',
    value: 5 * second,
    min: 10,
    max: 24 * hour,
    reason: 'People still wait for a page that begins within some 5 s; later, they have reloaded it.',
  },
  'pool.queue.order': { value: 'fifo', reason: 'Fair, and nobody can push in front by what a request says.' },
  'route.priority': {
    unit: 'count',
    value: 5,
    min: 0,
    max: 9,
    reason: 'In the middle: some routes may matter more, others less.',
  },
  'log.access.always.slower': {
    unit: 'ms',
    value: undefined,
    min: 1,
    max: 24 * 60 * minute,
    reason: 'Off: what is slow depends on what is served.',
  },
  'log.access.sample': {
    unit: 'ratio',
    value: undefined,
    min: 0,
    max: 1,
    reason: 'All: whoever asks for a log expects to find each request in it.',
  },
  'tracing.sample': {
    unit: 'ratio',
    value: 1,
    min: 0,
    max: 1,
    reason:
      'All, as OpenTelemetry has it: whoever switches tracing on sees the first request. Less where there are many.',
  },
  'tracing.timeout': {
    unit: 'ms',
    value: 5 * second,
    min: 100,
    max: minute,
    reason: 'A collector nearby answers in milliseconds; while it does not, spans are kept, up to 4 MiB.',
  },
  'tracing.service': { value: 'smartedge', reason: 'What this process is; several edges may be several services.' },
  'tracing.parent': {
    value: 'follow',
    reason: 'As OpenTelemetry’s parent-based samplers: a trace is recorded whole, or not at all.',
  },
  'explain.sample': {
    unit: 'ratio',
    value: 0.01,
    min: 0,
    max: 1,
    reason: 'Enough to see what is usual within a minute; to write one down costs as much as to serve it.',
  },
  'explain.keep': {
    unit: 'count',
    value: 200,
    min: 1,
    max: 10_000,
    reason: 'A few screens, in half a megabyte of memory.',
  },
  'limit.rate': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000_000,
    reason: 'Only who runs the backends knows what one client may ask of them.',
  },
  'limit.burst': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000_000,
    reason: 'As much as the rate grants in a second: browsers ask for a page’s parts together.',
  },
  'limit.inFlight': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000,
    reason: 'As the rate: it depends on what a request costs.',
  },
  'limit.connections': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000,
    reason: 'Browsers open six to a host, proxies and scripts as many as they like.',
  },
  'overload.lag': {
    unit: 'ms',
    value: undefined,
    min: 10,
    max: minute,
    reason: 'Off: how late is too late depends on the machine, and a wrong bound refuses what could be served.',
  },
  'overload.memory': {
    unit: 'bytes',
    value: undefined,
    min: 64 * kibibyte * kibibyte,
    max: kibibyte ** 4,
    reason: 'Off, for the same reason; where a container has a limit, 90% of it leaves time to shed.',
  },
} as const satisfies Readonly<Record<string, Setting | TextSetting>>
