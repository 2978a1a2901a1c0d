/**
 * Draws the pictures of the page in docs/images again, from made-up answers: `bun scripts/screenshots.ts [FOLDER]`. Takes
 * Chromium, and pngquant to make them small (both are Debian packages).
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChromium, type TabOptions } from '../test/support/chromium.ts'
import { sampleExplanations, startSamplePage } from '../test/support/sample-page.ts'

interface Picture {
  readonly name: string
  readonly hash: string
  readonly tab: TabOptions
  /** Done in the page before it is drawn; again until it is true. */
  readonly first?: string
}

const light = { 'prefers-color-scheme': 'light' }
const dark = { 'prefers-color-scheme': 'dark' }
const phone = { width: 360, height: 760, scale: 2, isPhone: true } as const

const openFirst = (selector: string): string =>
  `document.querySelector('${selector}') !== null && (document.querySelector('${selector}').open = true)`

const pictures: readonly Picture[] = [
  { name: 'page-overview', hash: '#overview', tab: { height: 1000, media: light } },
  { name: 'page-overview-dark', hash: '#overview', tab: { height: 1000, media: dark } },
  { name: 'page-phone', hash: '#overview', tab: { ...phone, media: dark } },
  {
    name: 'page-backend',
    hash: '#overview',
    tab: { height: 640, media: light },
    first:
      "document.querySelector('dialog').open || [...document.querySelectorAll('.link-button')].find((one) => one.textContent.endsWith(':8102'))?.click() || false",
  },
  { name: 'page-latency', hash: '#latency', tab: { height: 940, media: light } },
  { name: 'page-why', hash: '#requests', tab: { height: 860, media: light }, first: openFirst('.explanation') },
  { name: 'page-history', hash: '#history', tab: { height: 700, media: dark } },
  {
    name: 'page-config',
    hash: '#config',
    tab: { height: 900, media: dark },
    first:
      "[...document.querySelectorAll('.config-branch')].filter((one) => /^(?:pools|web|health)/.test(one.textContent)).map((one) => (one.open = true)).length > 0",
  },
]

/** In 128 colours, which no eye tells from all of them. */
function small(png: Uint8Array): Uint8Array {
  const { success, stdout, stderr } = Bun.spawnSync(['pngquant', '--speed', '1', '--strip', '128', '-'], { stdin: png })
  if (!success) throw new Error(`pngquant: ${stderr.toString()}`)
  return stdout
}

const folder = process.argv[2] ?? join(import.meta.dirname, '../docs/images')
mkdirSync(folder, { recursive: true })
const page = startSamplePage({ explain: sampleExplanations })
const browser = await startChromium()
try {
  for (const { name, hash, tab: options, first } of pictures) {
    const tab = await browser.open(options)
    await tab.goTo(`${page.url}/${hash}`)
    await tab.until("document.querySelector('.verdict-text') !== null")
    if (first !== undefined) await tab.until(first)
    // The lines move to where they belong.
    await Bun.sleep(1500)
    const png = small(await tab.picture())
    writeFileSync(join(folder, `${name}.png`), png)
    process.stdout.write(`${name}.png: ${Math.round(png.length / 1024)} KiB ${tab.complaints.join('; ')}\n`)
    await tab.close()
  }
} finally {
  await browser.stop()
  await page.stop()
}
