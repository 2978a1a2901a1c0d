/** What a CA may see, of this node's orders and of others': from when, and how long. */
import { createHash, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { folderStorage } from '../../../core/acme/folder-storage.ts'
import { Proofs } from '../../../core/acme/proofs.ts'
import { LOCK_MS } from '../../../core/acme/storage.ts'
import { homeOf } from '../../../core/own-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const proof = { name: 'a.test', token: 'abcdefghijklmnopqrstuv', keyAuthorization: 'abcdefghijklmnopqrstuv.thumb' }

function nodes(isShared = true) {
  const clock = virtualClock()
  const folder = join(temporaryFolder(), 'acme')
  const options = { folder, home: homeOf(process.env), now: () => clock.wallTime(), isShared }
  const node = (): Proofs => new Proofs(folderStorage(options), clock)
  const storage = folderStorage(options)
  /** Looks are taken in tasks of their own. */
  const look = async (): Promise<void> => {
    clock.advance(2000)
    for (let turns = 0; turns < 20; turns += 1) await Promise.resolve()
  }
  return { clock, one: node(), other: node(), storage, look }
}

test('what is presented is there to be seen until it is removed', async () => {
  const { one } = nodes(false)
  expect([one.answerTo(proof.token), one.certificateFor('a.test'), one.settleMs]).toEqual([undefined, undefined, 0])
  expect(await one.present(proof)).toBeUndefined()
  expect(one.answerTo(proof.token)).toBe(proof.keyAuthorization)
  const shown = one.certificateFor('a.test')
  expect(new X509Certificate(shown?.chain ?? '').subjectAltName).toBe('DNS:a.test')
  expect(one.certificateFor('a.test')).toBe(shown)
  expect(one.certificateFor('b.test')).toBeUndefined()
  await one.remove(proof)
  expect([one.answerTo(proof.token), one.certificateFor('a.test')]).toEqual([undefined, undefined])
})

test('the newest of a name counts', async () => {
  const { one } = nodes(false)
  await one.present(proof)
  const before = one.certificateFor('a.test')
  const newer = { ...proof, token: 'zyxwvutsrqponmlkjihgfe', keyAuthorization: 'zyxwvutsrqponmlkjihgfe.thumb' }
  await one.present(newer)
  const digest = createHash('sha256').update(newer.keyAuthorization).digest('hex')
  const shown = one.certificateFor('a.test')
  expect(shown).not.toBe(before)
  expect(new X509Certificate(shown?.chain ?? '').raw.toString('hex')).toContain(digest)
})

test('other nodes see it within the time that the CA is kept waiting', async () => {
  const { one, other, look } = nodes()
  other.start()
  await one.present(proof)
  expect(one.settleMs).toBe(4000)
  await look()
  expect(other.answerTo(proof.token)).toBe(proof.keyAuthorization)
  expect(other.certificateFor('a.test')).toBeDefined()
  await one.remove(proof)
  await look()
  expect(other.answerTo(proof.token)).toBeUndefined()
  other.stop()
})

test('a node looks in one rhythm, however often it is started, and no more once it is stopped', async () => {
  const { one, look, clock } = nodes()
  one.start()
  one.start()
  await look()
  expect(clock.pending()).toBe(1)
  clock.advance(2000)
  one.stop()
  await look()
  expect(clock.pending()).toBe(0)
})

test('one’s own stays although the list was made before it', async () => {
  const { one, look } = nodes()
  one.start()
  const presenting = one.present(proof)
  await look()
  await presenting
  expect(one.answerTo(proof.token)).toBe(proof.keyAuthorization)
  one.stop()
})

test('what a node has left behind, or what is none, is not taken, and goes', async () => {
  const { one, storage, look, clock } = nodes()
  const file = `challenges/${proof.token}`
  one.start()
  for (const text of ['', '{', 'null', '[]', JSON.stringify({ ...proof, token: 'another', until: Infinity })]) {
    await storage.write(file, text)
    await look()
    expect(one.answerTo(proof.token)).toBeUndefined()
  }
  await storage.write(file, JSON.stringify({ ...proof, until: clock.wallTime() + LOCK_MS }))
  clock.advance(0)
  await storage.write(file, JSON.stringify({ ...proof, until: clock.wallTime() - 1 }))
  await look()
  expect([one.answerTo(proof.token), await storage.list('challenges')]).toEqual([undefined, []])
  one.stop()
})

test('a storage that is away fails the challenge in words', async () => {
  const { clock, storage } = nodes()
  const away = new Proofs({ ...storage, write: () => Promise.reject(new Error('ENOSPC')) }, clock)
  expect(await away.present(proof)).toMatchObject({ kind: 'own', detail: expect.stringContaining('ENOSPC') })
})
