/** `smartedge preview`: hosts that a running edge serves for a while, by one backend each. */
import type { PreviewView } from '../../core/preview/contract.ts'
import { previewPath, previewsPath } from '../../core/view/api-paths.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { minuteOf } from '../text/instants.ts'
import { alignTable, type Cell } from '../text/table.ts'
import { printable } from '../text/text.ts'

export interface PreviewOptions extends TargetOptions {
  readonly json?: boolean
}

export type PreviewVerb =
  | { readonly kind: 'list' }
  | { readonly kind: 'add'; readonly host: string; readonly url: string; readonly time: string }
  | { readonly kind: 'remove'; readonly host: string }

export async function preview(io: Io, verb: PreviewVerb, options: PreviewOptions): Promise<number> {
  const tell = (body: unknown, words: () => string): number => {
    if (options.json === true) io.data(`${JSON.stringify(body, null, 2)}\n`)
    else io.stdout(words())
    return exitCode.ok
  }
  switch (verb.kind) {
    case 'list':
      return await command(io, options, { method: 'GET', path: previewsPath, tells: 'previews' }, (body) =>
        tell(body, () => formatList(previewsOf(body), io.color)),
      )
    case 'add': {
      const body = { url: verb.url, for: verb.time }
      const ask = { method: 'PUT', path: previewPath(verb.host), body, tells: 'until' } as const
      return await command(io, options, ask, (answer) => tell(answer, () => `${added(answer as PreviewView)}\n`))
    }
    case 'remove': {
      const ask = { method: 'DELETE', path: previewPath(verb.host), tells: 'removed' } as const
      return await command(io, options, ask, (answer) => tell(answer, () => `${printable(verb.host)} is removed\n`))
    }
    default:
      return verb satisfies never
  }
}

const added = ({ host, url, until }: PreviewView): string =>
  printable(`${host} is served by ${url} until ${minuteOf(until)} UTC`)

function previewsOf(body: unknown): readonly PreviewView[] {
  const previews = typeof body === 'object' && body !== null && 'previews' in body ? body.previews : undefined
  return Array.isArray(previews) ? (previews as PreviewView[]) : []
}

function formatList(previews: readonly PreviewView[], color: boolean): string {
  if (previews.length === 0) return 'no previews\n'
  const header = ['host', 'backend', 'until (UTC)', 'added by', 'not served since it is of'].map((text): Cell => ({
    text,
    style: 'dim',
  }))
  const rows = previews.map(({ host, url, until, origin, hiddenBy }) =>
    [host, url, minuteOf(until), origin, hiddenBy ?? '-'].map((text): Cell => ({ text: printable(text) })),
  )
  return alignTable([header, ...rows], color)
}
