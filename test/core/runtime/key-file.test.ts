import { beforeAll, describe, expect, test } from 'bun:test'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../../../core/part.ts'
import { KeyFile } from '../../../core/runtime/key-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { type Issuer, issuerOf, keySetOf } from '../../support/tokens.ts'

let issuers: readonly [Issuer, Issuer]
beforeAll(async () => {
  issuers = await Promise.all([issuerOf('EdDSA', 'one'), issuerOf('EdDSA', 'two')])
})

const key = 'routes[0].access.jwt.jwksFile'

function reading(folder: string) {
  const path = join(folder, 'keys.json')
  let changes = 0
  const file = new KeyFile(path, () => (changes += 1))
  /** As a tool does that replaces a file. */
  const save = (text: string): void => {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  const take = () => {
    const move = file.prepare(key)
    move.commit()
    return { isNews: move.isNews, news: move.news, kept: move.kept?.map(({ message }) => message) }
  }
  return { path, file, save, take, changes: () => changes }
}

const nothing = { isNews: false, news: undefined, kept: undefined }

describe('a file of keys', () => {
  test('is read when it is first needed, and again when it has changed, which is news', () => {
    const folder = temporaryFolder()
    const { file, save, take, changes } = reading(folder)
    save(keySetOf(issuers[0]))
    expect([take(), changes()]).toEqual([nothing, 1])
    const { current } = file
    expect([take(), changes(), file.current === current]).toEqual([nothing, 1, true])
    save(keySetOf(...issuers))
    expect(take()).toEqual({ ...nothing, isNews: true, news: [`${key} read anew`] })
    expect([changes(), file.current === current]).toEqual([2, false])
  })

  test.each([
    ['', 'it is no JSON Web Key Set'],
    ['{"keys":[]}', 'its key set has no public key'],
    [undefined, 'it does not exist'],
    ['x'.repeat(20 * 1024 * 1024), 'it must be at most'],
  ])('that has gone bad leaves the keys before in force (%#)', (text, why) => {
    const folder = temporaryFolder()
    const { path, file, save, take, changes } = reading(folder)
    save(keySetOf(issuers[0]))
    take()
    const { current } = file
    if (text === undefined) rmSync(path)
    else save(text)
    const message = expect.stringContaining(`must be a JSON Web Key Set, got ${path}: ${why}`)
    expect([take(), take()]).toEqual([
      { ...nothing, kept: [message] },
      { ...nothing, kept: [message] },
    ])
    expect([changes(), file.current === current]).toEqual([1, true])
    save(keySetOf(issuers[0]))
    expect(take().kept).toBeUndefined()
  })

  test('that cannot be used in the first place is refused', () => {
    const folder = temporaryFolder()
    const { path, file } = reading(folder)
    const refusal = (() => {
      try {
        return file.prepare(key)
      } catch (error) {
        return error
      }
    })()
    expect(refusal).toBeInstanceOf(Refusal)
    expect((refusal as Refusal).problems).toEqual([
      { key, message: `must be a JSON Web Key Set, got ${path}: it does not exist` },
    ])
  })

  test('is left alone by a move that is abandoned', () => {
    const folder = temporaryFolder()
    const { file, save } = reading(folder)
    save(keySetOf(issuers[0]))
    file.prepare(key).abandon()
    expect(file.current).toBeUndefined()
  })
})
