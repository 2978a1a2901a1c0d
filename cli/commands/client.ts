/** `smartedge client`: lists, adds, shows, changes and removes the clients of a running edge's database. */
import type { ClientPageView, ClientView, StoreView } from '../../core/admin/client-view.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { clientPath, clientsPath } from '../../core/view/api-paths.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { clientFacts, clientTable, staleness } from '../text/client-table.ts'
import { counted, formatCount } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'

export interface ClientOptions extends TargetOptions {
  /** The answer as it came. */
  readonly json?: boolean
}

export interface ListOptions extends ClientOptions {
  readonly plan?: string
  readonly search?: string
  readonly enabled?: boolean
  readonly disabled?: boolean
  /** How many at most; absent: all. */
  readonly limit?: number
}

/** What is said of a client; null takes away, undefined leaves as it is. */
export interface ClientFacts {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly plan?: string | null | undefined
  readonly rate?: string | null | undefined
  readonly burst?: number | null | undefined
  readonly note?: string | undefined
  readonly enabled?: boolean | undefined
  readonly validUntil?: string | null | undefined
}

/** The API gives so many at a time. */
const pageOf = 1000

/** All that fit the filter. */
export async function clientList(io: Io, options: ListOptions): Promise<number> {
  const listed = await readPages(io, options)
  if (typeof listed === 'number') return listed
  const { clients, total, store } = listed
  if (options.json) {
    io.data(`${JSON.stringify({ clients, total, store }, null, 2)}\n`)
    return exitCode.ok
  }
  io.stderr(staleness(store))
  if (clients.length > 0) io.stdout(clientTable(clients, Date.now(), io.color))
  io.stdout(`${countText(clients.length, total)}\n`)
  return exitCode.ok
}

const countText = (shown: number, total: number): string =>
  shown < total ? `${formatCount(shown)} of ${counted(total, 'client')}` : counted(total, 'client')

/** Page after page, as one; the exit code where one of them could not be had. */
async function readPages(io: Io, options: ListOptions): Promise<ClientPageView | number> {
  const clients: ClientView[] = []
  const limit = options.limit ?? Infinity
  for (let after: string | undefined; ;) {
    const page = await readPage(io, options, { after, limit: Math.min(pageOf, limit - clients.length) })
    if (typeof page === 'number') return page
    clients.push(...page.clients)
    if (page.next === null || clients.length >= limit) return { ...page, clients }
    after = page.next
  }
}

async function readPage(
  io: Io,
  { plan, search, enabled, disabled, ...target }: ListOptions,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<ClientPageView | number> {
  const isEnabled = enabled === disabled ? undefined : enabled === true
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ plan, search, enabled: isEnabled, after, limit }))
    if (value !== undefined) query.set(name, String(value))
  let page: ClientPageView | undefined
  const code = await command(
    io,
    target,
    { method: 'GET', path: `${clientsPath}?${query.toString()}`, tells: 'clients' },
    (answer) => {
      page = answer as ClientPageView
      return exitCode.ok
    },
  )
  return page ?? code
}

/** Its key is shown this once. */
export const clientAdd = (io: Io, facts: ClientFacts, options: ClientOptions): Promise<number> =>
  command(io, options, { method: 'POST', path: clientsPath, body: facts, tells: 'key' }, (answer) => {
    const { id, key } = answer as ClientView & { readonly key: string }
    if (options.json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
    else io.stdout(`${printable(id)} is added; its key, shown this once:\n${printable(key)}\n`)
    return exitCode.ok
  })

export const clientShow = (io: Io, id: string, options: ClientOptions): Promise<number> =>
  seen(io, id, options, (client) => {
    if (options.json) io.data(`${JSON.stringify(client, null, 2)}\n`)
    else io.stdout(clientFacts(client, Date.now(), io.color))
    return Promise.resolve(exitCode.ok)
  })

export interface SetOptions extends ClientOptions {
  /** A new key in place of the one that it has. */
  readonly newKey?: boolean
}

/** Refused where somebody else has changed it in between. */
export async function clientSet(io: Io, id: string, facts: ClientFacts, options: SetOptions): Promise<number> {
  const isChange = Object.values(facts).some((fact) => fact !== undefined)
  if (!isChange && options.newKey !== true) {
    io.stderr('smartedge: say what is to change, with one of the options that smartedge client set --help lists\n')
    return exitCode.usage
  }
  if (!isChange) return await renew(io, id, options)
  return await seen(io, id, options, async ({ revision }) => {
    const headers = { 'if-match': `"${revision}"` }
    const ask = { method: 'PATCH', path: clientPath(id), body: facts, headers, tells: 'revision' } as const
    return await command(io, options, ask, async (answer) => {
      if (options.newKey === true) return await renew(io, id, options)
      const now = answer as ClientView
      if (options.json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
      else if (now.revision === revision) io.stdout(`${printable(id)} is so already, nothing was changed\n`)
      else io.stdout(`${printable(id)} is changed\n${clientFacts(now, Date.now(), io.color)}`)
      return exitCode.ok
    })
  })
}

const renew = (io: Io, id: string, { json = false, ...options }: SetOptions): Promise<number> =>
  command(io, options, { method: 'POST', path: `${clientPath(id)}/key`, tells: 'key' }, (answer) => {
    const { key } = answer as { readonly key: string }
    if (json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
    else
      io.stdout(`${printable(id)} has a new key, shown this once; the one before counts no more:\n${printable(key)}\n`)
    return exitCode.ok
  })

export interface RemoveOptions extends ClientOptions {
  /** Without asking. */
  readonly yes?: boolean
}

export const clientRemove = (io: Io, id: string, options: RemoveOptions): Promise<number> =>
  seen(io, id, options, async ({ name, revision }) => {
    const warning = `the key of ${printable(id)} (${printable(name)}) counts no more once it is removed`
    if (!(await mayRemove(io, warning, options))) return exitCode.failure
    const headers = { 'if-match': `"${revision}"` }
    return await command(
      io,
      options,
      { method: 'DELETE', path: clientPath(id), headers, tells: 'removed' },
      (answer) => {
        if (options.json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
        else io.stdout(`${printable(id)} is removed\n`)
        return exitCode.ok
      },
    )
  })

/** Whether to go on: what is removed is gone for good. */
export async function mayRemove(io: Io, warning: string, { yes = false }: RemoveOptions): Promise<boolean> {
  if (yes || (await io.confirm?.(`${warning}. Go on?`)) === true) return true
  io.stderr(`smartedge: nothing changed: ${warning}; --yes goes on without asking\n`)
  return false
}

/** With the client as it is now, and a warning where that may be old. */
const seen = (
  io: Io,
  id: string,
  options: ClientOptions,
  act: (client: ClientView) => Promise<number>,
): Promise<number> =>
  command(io, options, { method: 'GET', path: clientPath(id), tells: 'revision' }, async (answer) => {
    const { store } = answer as { readonly store?: StoreView }
    if (store !== undefined) io.stderr(staleness(store))
    return await act(answer as ClientView)
  })
