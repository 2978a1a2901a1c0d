import { describe, expect, test } from 'bun:test'
import type { Frame } from '../../core/report/frame.ts'
import { backendFrame, frameOf, poolFrame } from '../support/feed-frames.ts'
import { startPageEdge } from '../support/page-edge.ts'
import { expectClean, holds, isShown, ownChromium, views } from '../support/page-tab.ts'
import { sampleExplanations, startSamplePage } from '../support/sample-page.ts'

const browser = ownChromium()

const evil = '<img src=x onerror="globalThis.hasRun=1"><script>globalThis.hasRun=1</script>'

const evilFrame = (): Frame => {
  const backend = backendFrame({
    id: evil,
    zone: evil,
    state: 'unhealthy',
    reason: evil,
    why: evil,
    holds: [{ by: 'checks', why: evil, since: 0, until: null }],
    worstError: evil,
    effectiveWeight: 0,
    check: { at: 0, passed: false, detail: evil },
  })
  const pool = poolFrame(evil, [backend], { degraded: evil })
  return frameOf([{ ...pool, strategy: { ...pool.strategy, use: evil } }], {
    routes: [{ match: evil, pool: evil, requestsPerSecond: 1, refusalsPerSecond: 0 }],
    reload: { at: 0, ok: false, origin: evil, problems: [evil] },
  })
}

/** Every text of it is hostile. */
const poisoned = (value: unknown): unknown => {
  if (typeof value === 'string') return evil
  if (Array.isArray(value)) return value.map(poisoned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, poisoned(item)]))
}

describe('what strangers wrote', () => {
  test('is shown as text, and no script of it runs', async () => {
    const config = () => ({ [evil]: { name: evil, list: [evil] } }) as never
    const page = startSamplePage({
      frames: [evilFrame()],
      explain: poisoned(sampleExplanations) as object,
      source: { config },
    })
    const tab = await browser.open()
    try {
      for (const view of views) {
        await tab.goTo(`${page.url}/?${view}#${view}`)
        await tab.until(`${isShown} && ${holds('<img src=x onerror=')}`)
        await tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
      }
      await tab.goTo(`${page.url}/#overview`)
      await tab.click('.link-button', '<img')
      await tab.until("document.querySelector('dialog').innerText.includes('<script>')")
      const found = await tab.evaluate(
        "[globalThis.hasRun ?? 0, document.querySelectorAll('#app img, #app script').length]",
      )
      expect(found).toEqual([0, 0])
      expectClean(tab, page.url)
    } finally {
      await tab.close()
      await page.stop()
    }
  })

  test('comes through a balancer as text, too', async () => {
    await using one = await startPageEdge({ keys: { explain: { sample: 1 } } })
    const lines = ['User-Agent', 'X-Request-Id', 'Referer', 'Cookie'].map((name) => `${name}: ${evil}\r\n`).join('')
    expect(await one.ask('/<img/src=x/onerror=globalThis.hasRun=1>', lines)).toBe(200)
    expect(await one.ask('/?q="><svg/onload=globalThis.hasRun=1>', lines)).toBe(200)
    const tab = await browser.open()
    await tab.goTo(`${one.url}/#requests`)
    await tab.until(`${holds('GET /<img/src=x/onerror=')} && ${holds('GET /?q="><svg/onload=')}`)
    await tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    expect(
      await tab.evaluate(
        "[globalThis.hasRun ?? 0, document.querySelectorAll('main img, main svg, main script').length]",
      ),
    ).toEqual([0, 0])
    expectClean(tab, one.url)
    await tab.close()
  })

  test('cannot become markup by any way: the browser refuses it to scripts of ours, too', async () => {
    const page = startSamplePage()
    const tab = await browser.open()
    try {
      await tab.goTo(page.url)
      await tab.until(isShown)
      const tried = `(() => { try { document.querySelector('main').innerHTML = '<b>x</b>'; return 'done' } catch (error) { return error.name } })()`
      expect(await tab.evaluate(tried)).toBe('TypeError')
      const inline = `(() => { const one = document.createElement('style'); one.textContent = 'main { display: none }'; document.head.append(one); return getComputedStyle(document.querySelector('main')).display })()`
      expect(await tab.evaluate(inline)).toBe('block')
    } finally {
      await tab.close()
      await page.stop()
    }
  })
})
