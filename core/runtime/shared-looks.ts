/**
 * Strategy files, each looked at once for all pools that get ready together: thousands may name the same one, and to find out
 * that it is faulty takes a thread.
 */
import type { LoadedPlugin, PluginHost } from '../strategy/host.ts'

export interface SharedLooks {
  readonly plugins: PluginHost
  /** They are looked at anew from now on. */
  forget(): void
}

export function shareLooks(host: PluginHost): SharedLooks {
  const looks = new Map<string, Promise<LoadedPlugin>>()
  const load = (use: string, options: unknown): Promise<LoadedPlugin> => {
    const key = JSON.stringify({ use, options })
    const look = looks.get(key) ?? host.load(use, options)
    looks.set(key, look)
    return look
  }
  return { plugins: { ...host, load }, forget: () => looks.clear() }
}
