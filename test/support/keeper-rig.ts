/** A keeper on the virtual clock, with a CA that stands in, and a storage that a test may bend. */
import { Authority } from '../../core/acme/authority.ts'
import { folderStorage } from '../../core/acme/folder-storage.ts'
import { Keeper } from '../../core/acme/keeper.ts'
import type { KeeperNews } from '../../core/acme/keeper-contract.ts'
import { Proofs } from '../../core/acme/proofs.ts'
import type { Storage } from '../../core/acme/storage.ts'
import { homeOf } from '../../core/own-files.ts'
import { base, standInCa } from './stand-in-ca.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { virtualClock } from './virtual-clock.ts'
import { turn } from './raw-peer.ts'

export const NAME = 'a.example.org'

export interface KeeperRigOptions {
  readonly names?: readonly string[]
  readonly folder?: string
  /** Paths of directories, in the order in which they are asked. */
  readonly directories?: readonly [string, ...string[]]
  readonly storage?: (storage: Storage) => Storage
  readonly agrees?: (name: string) => Promise<boolean>
}

export async function keeperRig({
  names = [NAME],
  folder = temporaryFolder(),
  directories: [first, ...others] = ['/directory'],
  storage: bend = (one) => one,
  agrees,
}: KeeperRigOptions = {}) {
  const clock = virtualClock()
  const ca = standInCa(clock)
  const storage = bend(
    folderStorage({ folder: folder, home: homeOf(process.env), now: () => clock.wallTime(), isShared: false }),
  )
  const presenter = new Proofs(storage, clock)
  const news: KeeperNews[] = []
  const authority = (url: string) =>
    new Authority({
      policy: { url, ca: undefined, binding: undefined },
      email: 'a@example.org',
      storage,
      ask: ca.ask,
      clock,
      readPem: () => undefined,
      onClock: (aheadMs) => keeper.noteClock(aheadMs),
    })
  const keeper: Keeper = new Keeper({
    policy: { challenge: 'http-01' },
    ...(agrees && { agrees }),
    storage,
    authorities: [authority(base + first), ...others.map((path) => authority(base + path))],
    presenter,
    clock,
    random: () => 0,
    tell: (one) => void news.push(one),
    onChange: () => undefined,
  })
  keeper.take(names, await keeper.load(names))

  /** Time passes in steps, each of which lets what was asked be answered, until that is so. */
  async function until(isSo: () => boolean, stepMs = 1000): Promise<void> {
    for (let turns = 0; !isSo(); turns += 1) {
      await turn()
      if (turns % 20 === 19) clock.advance(stepMs)
    }
  }
  /** Nothing more is under way in this instant. */
  async function settle(): Promise<void> {
    for (let turns = 0; turns < 50; turns += 1) await turn()
  }
  return {
    clock,
    ca,
    keeper,
    news,
    storage,
    folder,
    until,
    settle,
    told: (kind: KeeperNews['kind']) => news.filter((one) => one.kind === kind).length,
    orders: () => ca.asked.filter(({ at }) => at === 'POST /order').length,
    start() {
      keeper.start()
      return this
    },
  }
}

export const detailOf = (news: readonly KeeperNews[]): string | undefined => {
  const last = news.findLast((one) => one.kind === 'failed')
  return last?.kind === 'failed' ? last.fault.detail : undefined
}
