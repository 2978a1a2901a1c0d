/** One conversation with each Docker, however many pools have their members there: whoever joins hears what was told last. */
import type { Cancel, Clock } from '../clock.ts'
import type { ContainerSink, DockerAddress, FollowContainers } from './containers.ts'

/** What was told last; undefined: nothing yet. */
type Word =
  | { readonly kind: 'list'; readonly containers: readonly unknown[] }
  | { readonly kind: 'lost'; readonly reason: string }

interface Conversation {
  readonly sinks: Set<ContainerSink>
  last: Word | undefined
  stop: Cancel
}

export function shareContainers(follow: FollowContainers, clock: Pick<Clock, 'soon'>): FollowContainers {
  const conversations = new Map<string, Conversation>()

  function begin(address: DockerAddress, key: string): Conversation {
    const conversation: Conversation = { sinks: new Set(), last: undefined, stop: () => undefined }
    const hear = (word: Word): void => {
      conversation.last = word
      for (const sink of Array.from(conversation.sinks)) if (conversation.sinks.has(sink)) tell(sink, word)
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
    // The same sink may come twice.
    const sink: ContainerSink = { list: (containers) => given.list(containers), lose: (reason) => given.lose(reason) }
    conversation.sinks.add(sink)
    if (conversation.last !== undefined)
      clock.soon(() => {
        if (conversation.last !== undefined && conversation.sinks.has(sink)) tell(sink, conversation.last)
      })
    return () => {
      conversation.sinks.delete(sink)
      if (conversation.sinks.size > 0 || conversations.get(key) !== conversation) return
      conversations.delete(key)
      conversation.stop()
    }
  }
}

function tell(sink: ContainerSink, word: Word): void {
  if (word.kind === 'list') sink.list(word.containers)
  else sink.lose(word.reason)
}
