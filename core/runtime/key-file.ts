/** The keys of a file: read when it shows a change, whatever the config says; one that has gone bad leaves those before in force. */
import type { JWTVerifyGetKey } from 'jose'
import { type Keys, readKeySet } from '../admission/key-set.ts'
import { readRegularFile, readText } from '../config/files.ts'
import { stampOf } from '../file-stamp.ts'
import { type Move, NO_MOVE, Refusal } from '../part.ts'

export class KeyFile implements Keys {
  current: JWTVerifyGetKey | undefined = undefined
  private readonly path: string
  private readonly onChange: () => void
  /** Of the file before it was read. */
  private stamp: string | undefined = undefined

  /** Nothing is read before `prepare`. `path`: absolute. `onChange`: other keys are in force. */
  constructor(path: string, onChange: () => void) {
    this.path = path
    this.onChange = onChange
  }

  renew(): Promise<boolean> {
    return Promise.resolve(false)
  }

  /** `key`: what the config calls it. Throws with Refusal while there are no keys to go on with. */
  prepare(key: string): Move {
    const stamp = stampOf(this.path).text
    if (stamp === this.stamp) return NO_MOVE
    const read = this.read()
    if (read.kind === 'keys') {
      const news = this.current && { isNews: true, news: [`${key} read anew`] }
      return { ...NO_MOVE, ...news, commit: () => this.take(read.keys, stamp) }
    }
    const problem = { key, message: `must be a JSON Web Key Set, got ${this.path}: ${read.detail}` }
    if (this.current === undefined) throw new Refusal([problem])
    return { ...NO_MOVE, kept: [problem] }
  }

  private read() {
    const file = readText(this.path, readRegularFile)
    if (file.kind === 'text') return readKeySet(file.text)
    return { kind: 'fault', detail: file.kind === 'missing' ? 'it does not exist' : `it ${file.rule}` } as const
  }

  private take(keys: JWTVerifyGetKey, stamp: string): void {
    this.current = keys
    this.stamp = stamp
    this.onChange()
  }
}
