/** What every source does, whatever it speaks: run by the test of each against a real server, or one that speaks as it does. */
import { describe, expect, test } from 'bun:test'
import type { Source } from '../../../core/discovery/source.ts'
import { idsOf, record } from './recorder.ts'

/** A server that a source can ask, and that the test can change. */
export interface SourceRig extends AsyncDisposable {
  /** Asks the server. */
  readonly source: Source
  /** Members of these numbers are listed from now on, in place of all others. */
  list(...numbers: number[]): Promise<void>
  /** What it calls the member of a number. */
  readonly idOf: (number: number) => string
  /** Lists a faulty entry besides these; undefined: what it speaks has no such thing. */
  readonly spoil: ((...numbers: number[]) => Promise<void>) | undefined
  /** Nobody answers any more. */
  takeAway(): Promise<void>
  /** The same list is there again. */
  bringBack(): Promise<void>
}

/** `start`: nothing is listed yet. */
export function sourceSuite(name: string, start: () => Promise<SourceRig>): void {
  describe(`${name}: a source`, () => {
    test('lists all that there is at its start', async () => {
      await using rig = await start()
      await rig.list(1, 2, 3)
      const told = record(rig.source)
      await told.lists(...[1, 2, 3].map(rig.idOf))
      told.stop()
    })

    test('lists everything anew when members come and go', async () => {
      await using rig = await start()
      await rig.list(1, 2)
      const told = record(rig.source)
      await told.lists(...[1, 2].map(rig.idOf))
      await rig.list(1, 2, 3)
      await told.lists(...[1, 2, 3].map(rig.idOf))
      await rig.list(3, 4)
      await told.lists(...[3, 4].map(rig.idOf))
      told.stop()
    })

    test('says why it can list nothing, and lists again once it can', async () => {
      await using rig = await start()
      await rig.list(1, 2)
      const told = record(rig.source)
      await told.lists(...[1, 2].map(rig.idOf))
      await rig.takeAway()
      const lost = await told.next(({ kind }) => kind === 'lost')
      expect(lost).toMatchObject({ reason: expect.stringMatching(/\w/) })
      const before = told.words.length
      await rig.bringBack()
      const back = await told.next(({ kind }) => kind === 'listing' || kind === 'confirmed', before)
      if (back.kind === 'listing') expect(idsOf(back.listing).toSorted()).toEqual([1, 2].map(rig.idOf))
      await rig.list(1, 2, 3)
      await told.lists(...[1, 2, 3].map(rig.idOf))
      told.stop()
    })

    test('that is away at its start is tried until it is there', async () => {
      await using rig = await start()
      await rig.list(1)
      await rig.takeAway()
      const told = record(rig.source)
      await told.next(({ kind }) => kind === 'lost')
      expect(told.words.some(({ kind }) => kind === 'listing')).toBe(false)
      await rig.bringBack()
      await told.lists(rig.idOf(1))
      told.stop()
    })

    test('leaves faulty entries out, each with its reason', async () => {
      await using rig = await start()
      if (rig.spoil === undefined) return
      await rig.spoil(1, 2)
      const told = record(rig.source)
      const { skipped } = await told.lists(...[1, 2].map(rig.idOf))
      expect(skipped).toMatchObject({ count: 1, first: [{ entry: expect.any(String), reason: expect.any(String) }] })
      told.stop()
    })

    test('tells nothing more once it is stopped', async () => {
      await using rig = await start()
      await rig.list(1)
      const told = record(rig.source)
      await told.lists(rig.idOf(1))
      told.stop()
      const before = told.words.length
      const other = record(rig.source)
      await rig.list(1, 2)
      await other.lists(...[1, 2].map(rig.idOf))
      other.stop()
      expect(told.words).toHaveLength(before)
    })
  })
}
