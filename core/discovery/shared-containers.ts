/** One conversation with each Docker, however many pools have their members there: whoever joins hears what was told last. */
import type { Cancel, Clock } from '../clock.ts'
import type { ContainerSink, DockerAddress, FollowContainers } from './containers.ts'

/** What was told last; undefined: nothing yet. */
type Word =
  | { readonly kind: 'list'; readonly containers: readonly unknown[] }
  | { readonly kind: 'lost'; readonly reason: string }

interface Conversation {
  readonly sinks: Set<ContainerSink>
  /** Those who have yet to hear the last word. */
  readonly waiting: Set<ContainerSink>
  last: Word | undefined
  isTelling: boolean
  stop: Cancel
}

/** Who are told in one turn: each reads its members, some 20 µs. */
const AT_ONCE = 100

export function shareContainers(follow: FollowContainers, clock: Pick<Clock, 'soon'>): FollowContainers {
  const conversations = new Map<string, Conversation>()

  function tellSoon(conversation: Conversation): void {
    if (conversation.isTelling) return
    conversation.isTelling = true
    clock.soon(() => tellSome(conversation))
  }

  function tellSome(conversation: Conversation): void {
    const { waiting } = conversation
    conversation.isTelling = false
    let left = AT_ONCE
    for (const sink of waiting) {
      if (left === 0) return tellSoon(conversation)
      left -= 1
      waiting.delete(sink)
      // While one is told there may be another word.
      if (conversation.last !== undefined) tell(sink, conversation.last)
    }
  }

  function begin(address: DockerAddress, key: string): Conversation {
    const [sinks, waiting] = [new Set<ContainerSink>(), new Set<ContainerSink>()]
    const conversation: Conversation = { sinks, waiting, last: undefined, isTelling: false, stop: () => undefined }
    const hear = (word: Word): void => {
      conversation.last = word
      for (const sink of sinks) waiting.add(sink)
      if (!conversation.isTelling) tellSome(conversation)
    }
    conversations.set(key, conversation)
    conversation.stop = follow(address, {
      list: (containers) => hear({ kind: 'list', containers }),
      lose: (reason) => hear({ kind: 'lost', reason }),
    })
    return conversation
  }

  return ({ place, tls }, given) => {
    const key = JSON.stringify([place, tls ?? null])
    const conversation = conversations.get(key) ?? begin({ place, tls }, key)
    const { sinks, waiting } = conversation
    // The same sink may come twice.
    const sink: ContainerSink = { list: (containers) => given.list(containers), lose: (reason) => given.lose(reason) }
    sinks.add(sink)
    if (conversation.last !== undefined) {
      waiting.add(sink)
      tellSoon(conversation)
    }
    return () => {
      sinks.delete(sink)
      waiting.delete(sink)
      if (sinks.size > 0 || conversations.get(key) !== conversation) return
      conversations.delete(key)
      conversation.stop()
    }
  }
}

function tell(sink: ContainerSink, word: Word): void {
  if (word.kind === 'list') sink.list(word.containers)
  else sink.lose(word.reason)
}
