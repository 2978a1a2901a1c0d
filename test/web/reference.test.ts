import { describe, expect, test } from 'bun:test'
import { startPageEdge } from '../support/page-edge.ts'
import { expectClean, giveToken, ownChromium } from '../support/page-tab.ts'

const browser = ownChromium()

const methods = new Set(['get', 'put', 'post', 'patch', 'delete'])
const shown = "document.querySelectorAll('.opblock').length"

describe('the reference of the API in a browser', () => {
  test('asks for the token, shows every operation, and gets nothing from elsewhere', async () => {
    await using one = await startPageEdge({ token: 'correct-horse' })
    const authorization = 'Bearer correct-horse'
    const { paths } = (await (await fetch(`${one.url}/openapi.json`, { headers: { authorization } })).json()) as {
      readonly paths: Readonly<Record<string, object>>
    }
    const operations = Object.values(paths).flatMap((path) => Object.keys(path).filter((key) => methods.has(key)))
    expect(operations.length).toBeGreaterThan(30)
    const tab = await browser.open()
    await tab.goTo(`${one.url}/api`)
    await tab.until("document.querySelector('#access').hidden === false")
    await tab.click('#token')
    await giveToken(tab, 'correct-horse')
    await tab.until(`${shown} === ${operations.length}`)
    // One of them opened: what is drawn then has pictures and colours of its own.
    await tab.click('.opblock-summary-control', '/api/reload')
    await tab.until("document.querySelector('.opblock-body') !== null")
    expectClean(tab, one.url)
    await tab.close()
  })
})
