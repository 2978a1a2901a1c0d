/** The browser of a file of tests, and what they say of a tab of it that shows the page. */
import { afterAll, beforeAll, expect, setDefaultTimeout } from 'bun:test'
import { type Chromium, patienceMs, startChromium, type Tab, type TabOptions } from './chromium.ts'
import { sampleExplanations, startSamplePage } from './sample-page.ts'

/** One for all tests of the file, which wait for it as long as it takes. */
export function ownChromium(): Pick<Chromium, 'open'> {
  let browser: Chromium | undefined
  setDefaultTimeout(patienceMs * 2)
  beforeAll(async () => {
    browser = await startChromium()
  })
  afterAll(() => browser?.stop())
  return {
    open(options) {
      if (browser === undefined) throw new Error('chromium has not been started')
      return browser.open(options)
    },
  }
}

export const views = ['overview', 'latency', 'requests', 'history', 'config', 'limits']

/** Expressions. */
export const isShown = "document.querySelector('.verdict-text') !== null"
export const holds = (text: string): string => `document.body.innerText.includes(${JSON.stringify(text)})`

export const isAt = (view: string): string => `document.querySelector('[aria-current]')?.hash === '#${view}'`

/** Nothing went elsewhere, and the browser had nothing to complain of but answers that refused what was asked. */
export function expectClean(tab: Tab, url: string): void {
  expect(tab.asked.filter((one) => !one.startsWith(`${url}/`) && !one.startsWith('data:'))).toEqual([])
  expect(
    tab.complaints.filter(
      (one) => !/status of (?:401|404|409|422|503)|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(one),
    ),
  ).toEqual([])
}

/** As a person gives it. */
export async function giveToken(tab: Tab, token: string): Promise<void> {
  await tab.until("document.activeElement?.id === 'token'")
  await tab.type(token)
  await tab.press('Enter')
}

/** Over made-up answers; nothing of it may go elsewhere. */
export async function withSample(
  browser: Pick<Chromium, 'open'>,
  options: TabOptions,
  work: (tab: Tab, url: string) => Promise<void>,
): Promise<void> {
  const page = startSamplePage({ explain: sampleExplanations })
  const tab = await browser.open(options)
  try {
    await work(tab, page.url)
    expectClean(tab, page.url)
  } finally {
    await tab.close()
    await page.stop()
  }
}
