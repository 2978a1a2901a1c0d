/**
 * What the files hold that rules of access name, as a part: read beside what runs, and again when a file shows a change,
 * whatever the config says. One that has gone bad leaves what it held before in force.
 */
import { readAddressList } from '../admission/address-list.ts'
import type { AddressSet } from '../admission/addresses.ts'
import type { Users } from '../admission/basic-auth.ts'
import type { ReadLines } from '../admission/line-file.ts'
import { readUsers } from '../admission/user-list.ts'
import type { Clock } from '../clock.ts'
import type { Config, RouteConfig } from '../config/config.ts'
import { readRegularFile, readText } from '../config/files.ts'
import { formatKey } from '../config/read/reading.ts'
import { stampOf } from '../file-stamp.ts'
import { type ApplyProblem, type Move, NO_MOVE, type Part, prepareAll, Refusal, together } from '../part.ts'

/** A file that a config names. */
interface Named {
  /** Of the config. */
  readonly key: string
  readonly path: string
}

export class AccessFiles implements Part<Config> {
  private readonly lists: FileSet<AddressSet>
  private readonly passwords: FileSet<Users>

  constructor(clock: Pick<Clock, 'soon'>) {
    const pause = (): Promise<void> => new Promise((resolve) => clock.soon(resolve))
    this.lists = new FileSet(readAddressList, pause)
    this.passwords = new FileSet(readUsers, pause)
  }

  /** Of a file that the config in force names. */
  addresses(path: string): AddressSet {
    return this.lists.get(path)
  }

  /** As `addresses`. */
  users(path: string): Users {
    return this.passwords.get(path)
  }

  async prepare({ routes, tcpRoutes }: Config): Promise<Move> {
    const lists = [
      ...routes.flatMap((route, index) => addressFiles(route, ['routes', index])),
      ...tcpRoutes.flatMap((route) => addressFiles(route, ['listeners', route.match.listener])),
    ]
    return prepareAll([
      { key: '', prepare: () => this.lists.prepare(lists) },
      { key: '', prepare: () => this.passwords.prepare(routes.flatMap(usersFiles)) },
    ])
  }
}

/** `place`: where its `access` stands. */
function addressFiles({ access }: RouteConfig, place: readonly (string | number)[]): Named[] {
  return (['allowFile', 'denyFile'] as const).flatMap((name) => {
    const path = access?.addresses?.[name]
    return path === undefined ? [] : [{ key: formatKey([...place, 'access', 'addresses', name]), path }]
  })
}

function usersFiles({ access }: RouteConfig, index: number): Named[] {
  const path = access?.basic?.usersFile
  return path === undefined ? [] : [{ key: formatKey(['routes', index, 'access', 'basic', 'usersFile']), path }]
}

/** What a file held when it was last good. */
interface Held<Content> {
  /** Of before it was read. */
  readonly stamp: string
  readonly content: Content
  /** It has become something that cannot be used, and is not read again as long as it stays that. */
  readonly bad?: { readonly stamp: string; readonly message: string }
}

/** Files of one kind, each read once however many rules name it. */
class FileSet<Content> {
  private readonly read: (file: ReadLines) => Promise<Content>
  private readonly pause: ReadLines['pause']
  private inForce: ReadonlyMap<string, Held<Content>> = new Map()

  constructor(read: (file: ReadLines) => Promise<Content>, pause: ReadLines['pause']) {
    this.read = read
    this.pause = pause
  }

  get(path: string): Content {
    const held = this.inForce.get(path)
    if (held === undefined) throw new Error(`${path} is read by no config in force`)
    return held.content
  }

  /** Rejects with Refusal over files that no rule has had before. */
  async prepare(files: readonly Named[]): Promise<Move> {
    const next = new Map<string, Held<Content>>()
    const moves = [await prepareAll(files.map((file) => ({ key: file.key, prepare: () => this.look(file, next) })))]
    return together([...moves, { ...NO_MOVE, commit: () => void (this.inForce = next) }])
  }

  private async look({ key, path }: Named, next: Map<string, Held<Content>>): Promise<Move> {
    const held = next.get(path) ?? this.inForce.get(path)
    const stamp = stampOf(path).text
    if (held !== undefined && (held.bad?.stamp ?? held.stamp) === stamp) {
      next.set(path, held)
      return held.bad === undefined ? NO_MOVE : keeping({ key, message: held.bad.message })
    }
    const result = await this.tryRead(path)
    if (result.kind === 'content') {
      next.set(path, { stamp, content: result.content })
      return held === undefined ? NO_MOVE : { ...NO_MOVE, isNews: true, news: [`${key} read anew`] }
    }
    const { message } = result
    if (held === undefined) throw new Refusal([{ key, message }])
    const bad = { ...held, bad: { stamp, message } }
    next.set(path, bad)
    // Also when nothing else is news: what is known of it must not be found out again.
    this.inForce = new Map([...this.inForce, [path, bad]])
    return keeping({ key, message })
  }

  private async tryRead(
    path: string,
  ): Promise<
    { readonly kind: 'content'; readonly content: Content } | { readonly kind: 'fault'; readonly message: string }
  > {
    const file = readText(path, readRegularFile)
    if (file.kind === 'missing') return { kind: 'fault', message: 'must name a file that exists' }
    if (file.kind === 'fault') return { kind: 'fault', message: file.rule }
    try {
      return { kind: 'content', content: await this.read({ path, text: file.text, pause: this.pause }) }
    } catch (error) {
      return { kind: 'fault', message: error instanceof Error ? error.message : String(error) }
    }
  }
}

const keeping = (problem: ApplyProblem): Move => ({ ...NO_MOVE, kept: [problem] })
