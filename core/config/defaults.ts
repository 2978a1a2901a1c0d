/**
 * Every default of the config file, with unit, range and reason, under the key it has there (`pool.` stands for
 * `pools.<name>.`). The schema, the reader and the documentation take them from here and nowhere else.
 * A plugin's own defaults live in its `parse`. Longer than most files because it is one table.
 */
import { accessDefaults } from './access-defaults.ts'
import { acmeDefaults } from './acme-defaults.ts'
import { authDefaults } from './auth-defaults.ts'
import { boundDefaults } from './bound-defaults.ts'
import { discoveryDefaults } from './discovery-defaults.ts'
import { listenerDefaults } from './listener-defaults.ts'
import { restraintDefaults } from './restraint-defaults.ts'
import type { Setting, TextSetting } from './setting.ts'
import { tlsDefaults } from './tls-defaults.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const kibibyte = 1024

/** Below 10 ms a time-out is a mistake in the unit; beyond a day it is no bound. */
const timeoutRange = { unit: 'ms', min: 10, max: 24 * hour } as const

export const defaults = {
  'listener.address': { value: '0.0.0.0:8080', reason: 'Reachable from outside, on a port that needs no privilege.' },
  'admin.address': { value: '127.0.0.1:9900', reason: 'Loopback: whoever reaches it may read what it tells.' },
  'clients.store': {
    value: 'clients.sqlite',
    reason: 'Beside the config, where it is found again; one process needs no server for it.',
  },
  'limits.head': {
    unit: 'bytes',
    value: 64 * kibibyte,
    min: kibibyte,
    max: kibibyte * kibibyte,
    reason: 'Room for large cookies and tokens; most backends stop at 8 to 64 KiB themselves.',
  },
  'limits.target': {
    unit: 'bytes',
    value: 16 * kibibyte,
    min: 256,
    max: kibibyte * kibibyte,
    reason: 'Twice what RFC 9112 3 recommends to support at least.',
  },
  'limits.fields': {
    unit: 'count',
    value: 256,
    min: 8,
    max: 4096,
    reason: 'Browsers send about 20, long proxy chains about 60; every field costs a look-up.',
  },
  'limits.connections': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000,
    reason: 'The descriptor limit bounds them: as many as leave room for connections to backends.',
  },
  'limits.replay': {
    unit: 'bytes',
    value: 64 * kibibyte * kibibyte,
    min: 0,
    max: 16 * kibibyte * kibibyte * kibibyte,
    reason: 'A thousand bodies of the largest size that is kept; beyond it new ones are passed on unkept.',
  },
  'timeouts.head': {
    ...timeoutRange,
    value: 10 * second,
    reason: 'A head fits in a few packets; longer is a broken or hostile (slowloris) client.',
  },
  'timeouts.body': {
    ...timeoutRange,
    value: 30 * second,
    reason: 'Silence, not duration: outlasts a mobile hand-over and a few TCP retransmissions.',
  },
  'timeouts.keepAlive': {
    ...timeoutRange,
    value: 75 * second,
    reason: 'Above the 60 s of common proxies in front, so that they close first and race no request.',
  },
  'timeouts.tunnel': {
    ...timeoutRange,
    value: hour,
    reason: 'WebSockets may be silent for long; those that must live send pings.',
  },
  halfClose: {
    value: 'abort',
    reason: 'Almost always it has left; a backend that works on for it serves nobody, and retries multiply that.',
  },
  transport: {
    value: 'auto',
    reason: 'What costs least here; where it cannot be had, a start says so and goes on without it.',
  },
  shutdownDelay: {
    unit: 'ms',
    value: 100,
    min: 0,
    max: hour,
    reason:
      'Serves whoever has connected already. Where a balancer asks /ready, make it longer than it takes to notice.',
  },
  shutdownTimeout: {
    unit: 'ms',
    value: 25 * second,
    min: 0,
    max: hour,
    reason: 'Ends before Kubernetes kills, 30 s after its SIGTERM.',
  },
  drainTimeout: {
    unit: 'ms',
    value: 5 * minute,
    min: 0,
    max: 24 * hour,
    reason: 'Outlasts downloads and long polls; a WebSocket client that is cut connects again elsewhere.',
  },
  'pool.backend.weight': {
    unit: 'ratio',
    value: 1,
    min: 0.001,
    max: 1000,
    reason: 'Neutral; only the ratio to the others counts.',
  },
  'pool.backend.tier': {
    unit: 'count',
    value: 0,
    min: 0,
    max: 15,
    reason: 'All share the traffic; 1 makes a member a backup of those.',
  },
  'pool.strategy': {
    value: 'expected-delay',
    reason:
      'Never far from the best in any scenario of docs/strategies.md, with queues, slow, sick and failing members, where each other loses a multiple in some; no tuning, weighted.',
  },
  'pool.affinity': { value: 'client', reason: 'The one key that every request has; only hashing strategies read it.' },
  'pool.sticky.cookie.path': { value: '/', reason: 'The pool may serve every path of its host.' },
  'pool.sticky.cookie.maxAge': {
    unit: 'ms',
    value: undefined,
    min: second,
    max: 400 * 24 * hour,
    reason: 'A session of a browser ends with it; none keeps a cookie for more than 400 days.',
  },
  'pool.sticky.cookie.sameSite': {
    value: 'lax',
    reason: 'What browsers take for granted, said aloud; "none" is for pages that others embed.',
  },
  'pool.sticky.ttl': {
    unit: 'ms',
    value: hour,
    min: second,
    max: 30 * 24 * hour,
    reason: 'Longer than applications keep a session that nobody uses, mostly 20 or 30 minutes.',
  },
  'pool.sticky.size': {
    unit: 'bytes',
    value: 8 * kibibyte * kibibyte,
    min: 64 * kibibyte,
    max: kibibyte * kibibyte * kibibyte,
    reason: 'Room for 233,016 sessions; what none has used yet costs nothing.',
  },
  'pool.retry.attempts': {
    unit: 'count',
    value: 2,
    min: 1,
    max: 10,
    reason:
      'One that fails goes unnoticed, and so do those that cannot be reached; more help only where several fail at once.',
  },
  'pool.retry.statuses': {
    unit: 'status',
    value: undefined,
    min: 400,
    max: 599,
    reason: 'A status is an answer; only who runs the backends knows which of theirs another would not give.',
  },
  'pool.retry.backoff': {
    unit: 'ms',
    value: 25,
    min: 0,
    max: 10 * second,
    reason: 'Spreads requests that failed together, and nobody notices it.',
  },
  'pool.retry.maxBackoff': {
    unit: 'ms',
    value: 250,
    min: 0,
    max: minute,
    reason: 'Ten times the first: whoever waits longer is better told at once.',
  },
  'pool.retry.maxRetryAfter': {
    unit: 'ms',
    value: second,
    min: 0,
    max: minute,
    reason: 'The least that a backend can ask for in whole seconds; clients that can wait longer can ask again.',
  },
  'pool.retry.maxBody': {
    unit: 'bytes',
    value: 64 * kibibyte,
    min: 0,
    max: kibibyte * kibibyte,
    reason: 'Holds what forms and API calls send; keeping uploads would cost more than losing one.',
  },
  'pool.retry.budget.ratio': {
    unit: 'ratio',
    value: 0.2,
    min: 0,
    max: 1,
    reason: 'One backend of five may fail unnoticed; when all do, a fifth more is asked of them and no more.',
  },
  'pool.retry.budget.perSecond': {
    unit: 'ratio',
    value: 3,
    min: 0,
    max: 100_000,
    reason: 'A pool with little traffic still gets over a restart.',
  },
  'route.timeouts.request': {
    ...timeoutRange,
    value: undefined,
    reason: 'Downloads and event streams take as long as they take; silence is bounded anyway.',
  },
  'route.timeouts.try': {
    ...timeoutRange,
    value: undefined,
    reason: 'Without it the pool’s timeouts.response ends an attempt.',
  },
  'route.hedge.after': {
    value: 'p95',
    reason: 'One request in twenty costs an attempt more, and the slowest get close to the usual.',
  },
  'route.hedge.least': {
    unit: 'ms',
    value: 10,
    min: 0,
    max: minute,
    reason: 'Below it an attempt more saves less than it costs.',
  },
  'pool.maxIdleConnections': {
    unit: 'count',
    value: 256,
    min: 0,
    max: 65_536,
    reason: 'Keeps a burst of hundreds warm at about 1 KiB each; timeouts.keepAlive closes them within seconds.',
  },
  'pool.maxConnections': {
    unit: 'count',
    value: undefined,
    min: 1,
    max: 1_000_000,
    reason: 'Only who runs the backend knows what it bears.',
  },
  'pool.timeouts.connect': {
    ...timeoutRange,
    value: 2 * second,
    reason: 'Survives one lost SYN (retried after 1 s), and another backend can still be tried in time.',
  },
  'pool.timeouts.response': {
    ...timeoutRange,
    value: 30 * second,
    reason: 'Beyond what people wait for; raise it for reports and long polls.',
  },
  'pool.timeouts.idle': {
    ...timeoutRange,
    value: minute,
    reason: 'A backend that began a response may think, yet not for ever; event streams send heartbeats.',
  },
  'pool.timeouts.keepAlive': {
    ...timeoutRange,
    value: 4 * second,
    reason: 'Under the 5 s at which Node closes idle connections: we close first and race no request.',
  },
  'pool.timeouts.maxAge': {
    ...timeoutRange,
    value: 5 * minute,
    reason:
      'Whoever spreads connections behind one address (a virtual IP, another balancer) can do so again within minutes.',
  },
  'pool.passive.failures': {
    unit: 'count',
    value: 3,
    min: 1,
    max: 1000,
    reason: 'Not one lost packet, yet soon: each costs a request a retry.',
  },
  'pool.passive.retryAfter': {
    unit: 'ms',
    value: 10 * second,
    min: 100,
    max: hour,
    reason: 'About how long a service takes to restart; a trial that fails costs one request a retry.',
  },
  ...restraintDefaults,
  ...discoveryDefaults,
  ...boundDefaults,
  ...accessDefaults,
  ...authDefaults,
  ...tlsDefaults,
  ...listenerDefaults,
  ...acmeDefaults,
  'pool.health.check': { value: 'http', reason: 'An open port alone says little about the service behind it.' },
  'pool.health.path': {
    value: '/',
    reason: 'Every HTTP service answers it; name a real health page where there is one.',
  },
  'pool.health.expect': { value: '200-399', reason: 'Redirects count: many services send / elsewhere.' },
  'pool.health.initially': {
    value: 'usable',
    reason: 'A start or reload serves at once; failures in traffic are retried.',
  },
  'pool.health.interval': {
    unit: 'ms',
    value: 5 * second,
    min: 10,
    max: hour,
    reason: 'With fall 3, a silent death is seen within 15 s at 0.2 requests a second.',
  },
  'pool.health.timeout': {
    unit: 'ms',
    value: second,
    min: 10,
    max: hour,
    reason: 'A health page that takes longer announces trouble.',
  },
  'pool.health.rise': {
    unit: 'count',
    value: 2,
    min: 1,
    max: 100,
    reason: 'One good answer may be luck while starting.',
  },
  'pool.health.fall': { unit: 'count', value: 3, min: 1, max: 100, reason: 'One slow answer is no outage.' },
  'pool.health.jitter': {
    unit: 'ratio',
    value: 0.1,
    min: 0,
    max: 0.5,
    reason: 'Spreads checks of many members and of several balancers apart.',
  },
  'pool.health.maxConcurrent': {
    unit: 'count',
    value: 32,
    min: 1,
    max: 1024,
    reason: 'A pool of thousands costs few descriptors, and dead members do not hold up the others for long.',
  },
} as const satisfies Readonly<Record<string, Setting | TextSetting>>
