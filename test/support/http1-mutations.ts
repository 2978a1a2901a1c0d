/** Changes messages a little, from a seed. */
import { seededRandom } from '../../core/random.ts'
import { fragments } from './http1-corpus.ts'

/** Bytes that grammars turn on. */
const TURNING_BYTES = Buffer.from('\r\n\r\n\t \0\x0b\x7f\x80\xff:;,./@[]_-+x05aA%#?"', 'latin1')
const MAX_LENGTH = 1024

export interface Mutator {
  /** A whole number below `bound`. */
  below(bound: number): number
  /** One of the texts, changed in up to three places, and in some cases not at all. */
  mutate(texts: readonly string[]): string
  /** The text in one to three pieces. */
  cut(text: string): Buffer[]
}

export function createMutator(seed: number): Mutator {
  const random = seededRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  const oneOf = <Item>(items: readonly Item[]): Item => items[below(items.length)]!

  /** Replaces [at, end) by something. */
  function change(text: string, texts: readonly string[]): string {
    const at = below(text.length + 1)
    const end = Math.min(text.length, at + 1 + below(4))
    const before = text.slice(0, at)
    switch (below(8)) {
      case 0:
        return before + oneOf(fragments) + text.slice(at)
      case 1:
        return before + oneOf(fragments) + text.slice(end)
      case 2:
        return before + text.slice(end)
      case 3:
        return before + text.slice(Math.max(0, at - below(24)))
      case 4:
        return before + String.fromCharCode(below(256)) + text.slice(at + 1)
      case 5:
        return before + oneOf(texts).slice(below(40))
      case 6:
        return before + String.fromCharCode(TURNING_BYTES[below(TURNING_BYTES.length)]!) + text.slice(at)
      default:
        return before + String.fromCharCode(TURNING_BYTES[below(TURNING_BYTES.length)]!) + text.slice(at + 1)
    }
  }

  return {
    below,
    mutate(texts) {
      let text = oneOf(texts)
      for (let count = below(4); count > 0; count -= 1) text = change(text, texts)
      return text.slice(0, MAX_LENGTH)
    },
    cut(text) {
      const bytes = Buffer.from(text, 'latin1')
      const first = below(bytes.length + 1)
      const second = first + below(bytes.length - first + 1)
      return [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)].filter(
        (piece) => piece.length > 0,
      )
    },
  }
}
