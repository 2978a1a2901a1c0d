/**
 * What the page is made of, as `bun scripts/generate.ts` builds it from `web/`: one file of ours holds all of it, so that
 * a checkout, a package and a compiled program find it in the same way. Read when somebody first opens the page.
 */

export interface PageFile {
  /** Its place below the page's address: `index.html`, `page/index-1a2b3c4d.js`. */
  readonly path: string
  readonly type: string
  readonly text: string
}

/** By `path`. */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const { default: files } = await import('./generated/page.generated.json', { with: { type: 'json' } })
  return new Map(files.map((file) => [file.path, file]))
}
