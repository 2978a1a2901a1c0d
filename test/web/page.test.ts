import { describe, expect, test } from 'bun:test'
import { sampleFrames } from '../support/feed-frames.ts'
import { startPageEdge } from '../support/page-edge.ts'
import { expectClean, giveToken, holds, isShown, ownChromium } from '../support/page-tab.ts'
import { startSamplePage } from '../support/sample-page.ts'

const browser = ownChromium()

describe('the page in a browser', () => {
  test('drains a backend when told so, with the token that it asks for', async () => {
    await using one = await startPageEdge()
    const [, second = ''] = one.ids
    const tab = await browser.open()
    await tab.goTo(one.url)
    await tab.until(`${isShown} && ${holds('All is well: 1 pool, 3 backends.')}`)
    await tab.click('.link-button', second)
    await tab.click('dialog .button', 'Drain')
    await tab.until(holds(`Drain ${second} in web?`))
    await tab.click('dialog .button', 'Drain')
    await giveToken(tab, 'guess')
    await tab.until(holds('That is not the token of this balancer.'))
    const stateOf = () => one.edge.status().pools[0]?.backends.map(({ state }) => state)
    expect(stateOf()).not.toContain('draining')
    await giveToken(tab, one.token)
    await tab.until(holds(`${second} drains: generation 2.`))
    expect(stateOf()?.[1]).toBe('draining')
    await tab.until("document.querySelectorAll('.backend .state')[0].textContent.includes('draining')")
    // Kept for this tab alone, and not asked for again.
    expect(
      await tab.evaluate("[sessionStorage.getItem('smartedge-token'), Object.values(localStorage).join()]"),
    ).toEqual([one.token, 'auto'])
    await tab.click('.link-button', second)
    await tab.click('dialog .button', 'Resume')
    await tab.click('dialog .button', 'Resume')
    await tab.until(holds(`${second} takes requests again: generation 3.`))
    expect(stateOf()?.[1]).not.toBe('draining')
    expectClean(tab, one.url)
    await tab.close()
  })

  test('sets a weight, and tells what was wrong with another', async () => {
    await using one = await startPageEdge()
    const [first = ''] = one.ids
    const tab = await browser.open()
    await tab.goTo(one.url)
    await tab.until(isShown)
    await tab.click('.tools .button', 'Token')
    await giveToken(tab, one.token)
    for (const [weight, told] of [
      ['2.5', `${first} has weight 2.5: generation 2.`],
      ['5000', 'Not done: '],
    ] as const) {
      await tab.click('.link-button', first)
      await tab.click('dialog .button', 'Weight')
      await tab.until("document.activeElement?.type === 'number'")
      await tab.evaluate('document.activeElement.form.noValidate = true; document.activeElement.select()')
      await tab.type(weight)
      await tab.press('Enter')
      await tab.click('dialog .button', 'Set')
      await tab.until(holds(told))
    }
    expect(one.edge.status().pools[0]?.backends[0]?.weight).toBe(2.5)
    await tab.close()
  })

  test('tells how a strategy does, and puts another in its place', async () => {
    await using one = await startPageEdge()
    const tab = await browser.open()
    await tab.goTo(one.url)
    await tab.click('.pool .link-button', 'round-robin')
    await tab.until("document.activeElement?.tagName === 'SELECT'")
    await tab.evaluate(
      "document.activeElement.value = 'peak-ewma'; document.activeElement.dispatchEvent(new Event('change', { bubbles: true }))",
    )
    await tab.click('dialog .button', 'Switch')
    await tab.until(holds('Switch web to the strategy peak-ewma?'))
    await tab.click('dialog .button', 'Switch')
    await giveToken(tab, one.token)
    await tab.until(holds('web balances by peak-ewma: generation 2.'))
    expect(one.edge.status().pools[0]?.strategy).toBe('peak-ewma')
    expectClean(tab, one.url)
    await tab.close()
  })

  test('shows a reload that was refused, and what changed between generations', async () => {
    await using one = await startPageEdge()
    const [first = ''] = one.ids
    const tab = await browser.open()
    await tab.goTo(`${one.url}/#history`)
    await tab.until(holds('Nothing was reloaded since the start.'))
    one.write({ web: { backends: [`http://${first}`], stratgy: 'p2c' } })
    await tab.click('main .button', 'Reload')
    await tab.until(holds('pools.web.stratgy is not a known key'))
    await tab.click('dialog .button', 'Reload')
    await tab.until(holds('in force, but for a part'))
    await tab.until(`${holds('the balancer is unwell')} && ${holds('edge.json:1:')} && ${holds('did you mean')}`)
    one.write({ web: { backends: [`http://${first}`] } })
    await tab.press('r')
    await tab.until(`${holds('backend ')} && ${holds('removed')}`)
    await tab.click('dialog .button', 'Reload')
    await tab.until(holds('in force'))
    await tab.click('.views a', 'Config')
    await tab.until(`${holds('generation 2, in force')} && ${holds(`backend ${one.ids[1]} removed`)}`)
    await tab.press('b')
    await tab.until(holds(`backend ${one.ids[1]} added`))
    await tab.click('dialog .button', 'Roll back')
    await giveToken(tab, one.token)
    await tab.until(holds('generation 3, in force'))
    expect(one.edge.status().pools[0]?.backends).toHaveLength(3)
    expectClean(tab, one.url)
    await tab.close()
  })

  test('tells why requests went where they went, and how to have that told', async () => {
    await using one = await startPageEdge({ keys: { explain: { sample: 1 } } })
    for (const path of ['/a', '/b', '/c']) expect(await one.ask(path)).toBe(200)
    const tab = await browser.open()
    await tab.goTo(`${one.url}/#requests`)
    await tab.until(`${holds('100 % of requests are explained')} && ${holds(one.ids[2] ?? '')}`)
    await tab.click('.explanation summary')
    await tab.until(`${holds('Attempt 1')} && ${holds('round-robin: ')} && ${holds('would have taken')}`)
    await tab.evaluate(
      "(() => { const one = document.querySelector('.filter select'); one.value = '5xx'; one.dispatchEvent(new Event('change', { bubbles: true })) })()",
    )
    await tab.until(holds('None of those kept is like that.'))
    expectClean(tab, one.url)
    await using other = await startPageEdge()
    await tab.goTo(`${other.url}/#requests`)
    await tab.until(holds('put "explain": {} into the configuration'))
    await tab.close()
  })

  test('asks for the token first where reading takes it, and says when it is wrong', async () => {
    await using one = await startPageEdge({ token: 'correct-horse' })
    const tab = await browser.open()
    await tab.goTo(one.url)
    await tab.until(holds('This API wants a token'))
    await giveToken(tab, 'wrong-horse')
    await tab.until(holds('That is not the token of this balancer.'))
    await giveToken(tab, 'correct-horse')
    await tab.until(holds('All is well'))
    await tab.click('.views a', 'Config')
    await tab.until(holds('shutdownTimeoutMs'))
    expect(await tab.evaluate("document.body.innerText.includes('correct-horse')")).toBe(false)
    await tab.click('.tools .button', 'Forget token')
    expect(await tab.evaluate("sessionStorage.getItem('smartedge-token')")).toBeNull()
    expectClean(tab, one.url)
    await tab.close()
  })

  test('shows in one tab what was done in another, with ten others watching', async () => {
    await using one = await startPageEdge()
    const watchers = await Promise.all(Array.from({ length: 10 }, () => fetch(`${one.url}/api/events`)))
    const [here, there] = [await browser.open(), await browser.open()]
    for (const tab of [here, there]) {
      await tab.goTo(one.url)
      await tab.until(isShown)
    }
    await here.click('.tools .button', 'Token')
    await giveToken(here, one.token)
    await here.click('.link-button', one.ids[0])
    await here.click('dialog .button', 'Drain')
    await here.click('dialog .button', 'Drain')
    await there.until("document.querySelector('.backends').innerText.includes('draining')")
    // Its neighbour's token is not its own.
    expect(await there.evaluate("sessionStorage.getItem('smartedge-token')")).toBeNull()
    for (const watcher of watchers) {
      expect(watcher.status).toBe(200)
      await watcher.body?.cancel()
    }
    for (const tab of [here, there]) {
      expectClean(tab, one.url)
      await tab.close()
    }
  })
})

describe('a balancer that is away', () => {
  test('leaves its last picture, greyed and with its age, and is found again', async () => {
    const frames = sampleFrames(5)
    const first = startSamplePage({ frames })
    const { port } = new URL(first.url)
    const tab = await browser.open()
    await tab.goTo(first.url)
    await tab.until(isShown)
    await first.stop()
    await tab.until(
      `${holds('Connection lost')} && ${holds('This picture is')} && document.querySelector('main.old') !== null`,
    )
    expect(await tab.evaluate(holds('localhost:8102'))).toBe(true)
    const second = startSamplePage({ frames, port: Number(port) })
    await tab.click('.link .button', 'Try now')
    await tab.until(`${holds('live')} && document.querySelector('main.old') === null`)
    expectClean(tab, first.url)
    await tab.close()
    await second.stop()
  })
})
