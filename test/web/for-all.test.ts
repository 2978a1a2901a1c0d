import { describe, expect, test } from 'bun:test'
import { holds, isAt, isShown, ownChromium, views, withSample } from '../support/page-tab.ts'

const browser = ownChromium()

/** WCAG 2.2, 1.4.3: every text with the ground it stands on, by the ratio of their luminances; those under 4.5. */
const faintTexts = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgbaOf = (color) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const groundOf = (one) => {
    for (let at = one; at !== null; at = at.parentElement) {
      const rgba = rgbaOf(getComputedStyle(at).backgroundColor)
      if (rgba[3] === 255) return rgba
    }
  }
  const faint = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { parentElement: one, textContent } = texts.currentNode
    if (textContent.trim() === '' || !one.checkVisibility() || one.closest('noscript, :disabled')) continue
    const [low, high] = [light(rgbaOf(getComputedStyle(one).color)), light(groundOf(one))].sort((a, b) => a - b)
    if ((high + 0.05) / (low + 0.05) < 4.5) faint.push(textContent.trim())
  }
  return faint
})()`

const ground = 'getComputedStyle(document.documentElement).backgroundColor'

describe('how the page looks', () => {
  test.each([360, 768, 900, 1280])('fits on a screen %d pixels wide, whatever is shown', async (width) => {
    await withSample(browser, { width, height: 740, isPhone: width === 360 }, async (tab, url) => {
      await tab.goTo(url)
      await tab.until(isShown)
      for (const view of views) {
        await tab.goTo(`${url}/#${view}`)
        await tab.until(isAt(view))
        await tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        const told = await tab.evaluate(`({
          width: document.documentElement.scrollWidth,
          over: [...document.querySelectorAll('.card, .tile, header, dialog')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className),
        })`)
        expect([view, told]).toEqual([view, { width, over: [] }])
      }
    })
  })

  test('is light or dark as the system has it, or as somebody chose', async () => {
    const grounds: unknown[] = []
    for (const scheme of ['light', 'dark'])
      await withSample(browser, { media: { 'prefers-color-scheme': scheme } }, async (tab, url) => {
        await tab.goTo(url)
        await tab.until(isShown)
        grounds.push(await tab.evaluate(ground))
        if (scheme === 'light') return
        await tab.press('t')
        grounds.push(await tab.evaluate(ground))
        await tab.goTo(`${url}/?again`)
        await tab.until(isShown)
        grounds.push(await tab.evaluate(ground))
        await tab.evaluate('localStorage.clear()')
      })
    const [light, dark, chosen, kept] = grounds
    expect(light).not.toBe(dark)
    expect([chosen, kept]).toEqual([light, light])
  })

  test.each(['light', 'dark'])('can be read, %s', async (scheme) => {
    await withSample(browser, { media: { 'prefers-color-scheme': scheme } }, async (tab, url) => {
      await tab.goTo(url)
      await tab.until(isShown)
      for (const [key, view] of views.entries()) {
        await tab.press(String(key + 1))
        await tab.until(isAt(view))
        await tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        expect([view, await tab.evaluate(faintTexts)]).toEqual([view, []])
      }
      await tab.press('1')
      await tab.click('.backend .link-button')
      await tab.until("document.querySelector('dialog').open")
      expect(await tab.evaluate(faintTexts)).toEqual([])
    })
  })

  test('moves nothing for who wants nothing to move', async () => {
    const seconds = async (media: Readonly<Record<string, string>>) => {
      let told: unknown
      await withSample(browser, { media }, async (tab, url) => {
        await tab.goTo(url)
        await tab.until("document.querySelector('.bar-fill') !== null")
        told = await tab.evaluate("getComputedStyle(document.querySelector('.bar-fill')).transitionDuration")
      })
      return told
    }
    expect(await seconds({ 'prefers-reduced-motion': 'no-preference' })).toBe('0.4s, 0.4s')
    expect(await seconds({ 'prefers-reduced-motion': 'reduce' })).toBe('0s')
  })
})

describe('who has no mouse, or no eyes for it', () => {
  test('reaches everything by the keyboard, and sees where it is', async () => {
    await withSample(browser, {}, async (tab, url) => {
      await tab.goTo(url)
      await tab.until(isShown)
      const reached: string[] = []
      for (let step = 0; step < 40; step += 1) {
        await tab.press('Tab')
        const [name, outline] = (await tab.evaluate(
          'document.activeElement === document.body ? [] : [document.activeElement.textContent || document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]',
        )) as [string?, string?]
        if (name === undefined) break
        expect([name, outline]).toEqual([name, 'solid'])
        reached.push(name.trim())
      }
      for (const wanted of [
        'Skip to what is shown',
        'Token',
        'Keys',
        'Latency 2',
        'Freeze',
        'filter',
        'localhost:8102',
      ])
        expect(reached).toContain(wanted)
    })
  })

  test('is led into what lies over the page, round in it, and back to where it was', async () => {
    const at = 'document.activeElement.textContent'
    await withSample(browser, {}, async (tab, url) => {
      await tab.goTo(url)
      await tab.until(holds('localhost:8103 is slow'))
      await tab.evaluate("document.querySelector('.backend .link-button').focus()")
      await tab.press('Enter')
      await tab.until(`${at} === 'Weight…'`)
      await tab.press('Enter')
      await tab.until("document.activeElement.type === 'number'")
      await tab.press('Escape')
      await tab.until(`${at} === 'localhost:8102'`)
      await tab.press('Enter')
      await tab.until(`${at} === 'Weight…'`)
      expect(await tab.accessible('dialog')).toEqual(['localhost:8102'])
      for (let step = 0; step < 12; step += 1) {
        await tab.press('Tab')
        expect(await tab.evaluate("document.activeElement.matches('body, dialog *')")).toBe(true)
      }
    })
  })

  test('hears every control by its name', async () => {
    await withSample(browser, {}, async (tab, url) => {
      await tab.goTo(url)
      await tab.until(holds('localhost:8103 is slow'))
      for (const [key, view] of views.entries()) {
        await tab.press(String(key + 1))
        await tab.until(isAt(view))
        for (const role of [
          'button',
          'link',
          'combobox',
          'searchbox',
          'image',
          'table',
          'region',
          'DisclosureTriangle',
        ])
          expect([view, role, (await tab.accessible(role)).filter((name) => name === '')]).toEqual([view, role, []])
      }
      await tab.press('1')
      await tab.until(isAt('overview'))
      expect(await tab.accessible('rowheader')).toContain('localhost:8102')
      expect((await tab.accessible('image')).map((name) => name.split(':')[0])).toEqual([
        'Requests a second',
        'Latency',
      ])
      expect(await tab.accessible('heading')).toEqual(['SmartEdge', 'web', 'api'])
    })
  })

  test('goes by single keys from screen to screen, unless something is being typed', async () => {
    await withSample(browser, {}, async (tab, url) => {
      await tab.goTo(url)
      await tab.until(isShown)
      for (const [key, view] of views.entries()) {
        await tab.press(String(key + 1))
        await tab.until(isAt(view))
      }
      await tab.press('1')
      await tab.until(isAt('overview'))
      await tab.press('/')
      await tab.until("document.activeElement.id === 'filter'")
      await tab.press('4')
      expect(await tab.evaluate('[location.hash, document.activeElement.value]')).toEqual(['#overview', '4'])
      await tab.evaluate('document.activeElement.blur()')
      await tab.press('?')
      await tab.until(holds('trouble only'))
      await tab.press('Escape')
      await tab.until("document.querySelector('dialog').open === false")
    })
  })

  test('hears landmarks, headed tables, pictures in words, and the verdict once it changes', async () => {
    await withSample(browser, {}, async (tab, url) => {
      await tab.goTo(url)
      await tab.until(isShown)
      for (const view of views) {
        await tab.press(String(views.indexOf(view) + 1))
        await tab.until(isAt(view))
        const told = await tab.evaluate(`({
          landmarks: ['header', 'nav[aria-label]', 'main[aria-label]'].filter((one) => document.querySelector(one) === null),
          mute: [...document.querySelectorAll('canvas, .plot')].filter((one) => !one.closest('[aria-label]') && !one.ariaLabel).length,
          bare: [...document.querySelectorAll('table')].filter((one) => one.querySelector('th[scope=col]') === null).length,
          nameless: [...document.querySelectorAll('input, select')].filter((one) => one.labels.length === 0).length,
        })`)
        expect([view, told]).toEqual([view, { landmarks: [], mute: 0, bare: 0, nameless: 0 }])
      }
      expect(await tab.evaluate("document.querySelector('.verdict [aria-live]').textContent")).toBe(
        'web is unwell: localhost:8102 fails, localhost:8103 is slow',
      )
    })
  })
})
