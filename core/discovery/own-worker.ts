/**
 * The thread of a source of the user's own: loads its file, starts it and passes on what it tells. Whoever has started the
 * thread ends it, whatever happens here.
 */
import { messageOf, whereAndWhat } from '../strategy/thrown.ts'
import { isObject } from './json.ts'
import * as contract from './own-source.ts'
import { inTurn, type OwnWord } from './own-words.ts'

/** To the thread: first what it is to run, then now and then whether it is there, and that the last of its words was taken. */
export type ToOwnThread =
  | { readonly kind: 'run'; readonly file: string; readonly options: unknown }
  | { readonly kind: 'ping' }
  | { readonly kind: 'taken' }

/** From the thread. `failed` is the last. */
export type FromOwnThread =
  | OwnWord
  | { readonly kind: 'started' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'failed'; readonly reason: string }

declare const self: Worker

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a worker
const say = (word: FromOwnThread): void => self.postMessage(word)
const words = inTurn(say)

self.addEventListener('message', ({ data }: MessageEvent<ToOwnThread>) => {
  if (data.kind === 'ping') return say({ kind: 'pong' })
  if (data.kind === 'taken') return words.taken()
  const { file, options } = data
  const fail = (error: unknown): void => say({ kind: 'failed', reason: whereAndWhat(file, error) })
  // What its timers and promises throw. Below `bun test` the runner takes these first, and the thread ends.
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) process.on(kind, fail)
  run(file, options).catch(fail)
})

/** What is imported by the package's name is this SmartEdge's own, whatever is installed beside the file. */
Bun.plugin({
  name: 'smartedge',
  setup(builder) {
    builder.module('smartedge/source', () => ({ exports: { ...contract }, loader: 'object' }))
  },
})

async function run(file: string, raw: unknown): Promise<void> {
  const { default: plugin } = (await import(file)) as { readonly default?: unknown }
  if (!isPlugin(plugin)) throw new Error('the default export must be defineSource({ apiVersion: 1, start })')
  if (raw !== undefined && plugin.parse === undefined) throw new Error('takes no options')
  const options = plugin.parse === undefined ? undefined : plugin.parse(raw)
  const ending = plugin.start(options, {
    publish(members) {
      if (!Array.isArray(members)) throw new Error(`publish must be given a list, got ${typeof members}`)
      words.tell({ kind: 'publish', members: JSON.stringify(members) })
    },
    confirm: () => words.tell({ kind: 'confirm' }),
    // What is thrown is handed on as it is, and may be anything.
    lose: (reason: unknown) => words.tell({ kind: 'lose', reason: messageOf(reason) }),
  })
  say({ kind: 'started' })
  await ending
}

const isPlugin = (plugin: unknown): plugin is contract.SourcePlugin =>
  isObject(plugin) &&
  plugin['apiVersion'] === 1 &&
  typeof plugin['start'] === 'function' &&
  (plugin['parse'] === undefined || typeof plugin['parse'] === 'function')
