import { describe, expect, test } from 'bun:test'
import type { ContainerSink, DockerAddress } from '../../../core/discovery/containers.ts'
import { shareContainers } from '../../../core/discovery/shared-containers.ts'
import { turn } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const at = (path: string): DockerAddress => ({ place: { kind: 'unix', path }, tls: undefined })

function sharing() {
  const clock = virtualClock()
  const conversations: { readonly address: DockerAddress; readonly sink: ContainerSink; isOver: boolean }[] = []
  const follow = shareContainers((address, sink) => {
    const conversation = { address, sink, isOver: false }
    conversations.push(conversation)
    return () => void (conversation.isOver = true)
  }, clock)
  return {
    conversations,
    join: (path: string) => {
      const words: unknown[] = []
      const stop = follow(at(path), {
        list: (containers) => void words.push(containers),
        lose: (reason) => void words.push(reason),
      })
      return { words, stop }
    },
  }
}

describe('a conversation with Docker', () => {
  test('is one for all who ask at the same place', () => {
    const { conversations, join } = sharing()
    const [one, other, elsewhere] = [join('/a'), join('/a'), join('/b')]
    expect(conversations).toHaveLength(2)
    conversations[0]?.sink.list([1])
    conversations[0]?.sink.lose('gone')
    expect([one.words, other.words, elsewhere.words]).toEqual([[[1], 'gone'], [[1], 'gone'], []])
  })

  test('tells whoever joins what was told last, in an event of its own', async () => {
    const { conversations, join } = sharing()
    join('/a')
    conversations[0]?.sink.list([1])
    conversations[0]?.sink.list([2])
    const late = join('/a')
    const brief = join('/a')
    brief.stop()
    expect(late.words).toEqual([])
    await turn()
    expect([late.words, brief.words]).toEqual([[[2]], []])
  })

  test('tells thousands few a turn, each of them the newest word, and nobody who has left', async () => {
    const { conversations, join } = sharing()
    const all = Array.from({ length: 250 }, () => join('/a'))
    const heard = (word: unknown): number => all.filter(({ words }) => Bun.deepEquals(words.at(-1), word)).length
    conversations[0]?.sink.list([1])
    expect(heard([1])).toBe(100)
    conversations[0]?.sink.list([2])
    expect([heard([1]), heard([2])]).toEqual([100, 0])
    all[249]?.stop()
    const turns: number[] = []
    while (heard([2]) < 249) {
      await turn()
      turns.push(heard([2]))
    }
    expect(turns).toEqual([100, 200, 249])
    expect(all[249]?.words).toEqual([])
    expect(all[248]?.words).toEqual([[2]])
  })

  test('ends with the last who listens, and is begun anew by the next', async () => {
    const { conversations, join } = sharing()
    const [one, other] = [join('/a'), join('/a')]
    conversations[0]?.sink.list([1])
    one.stop()
    one.stop()
    expect(conversations[0]?.isOver).toBe(false)
    other.stop()
    expect(conversations[0]?.isOver).toBe(true)
    const next = join('/a')
    await turn()
    expect([conversations.length, next.words]).toEqual([2, []])
  })
})
