/** A headless Chromium, driven by the DevTools protocol over its WebSocket; it and its profile are gone behind `stop`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Chromium {
  /** A tab of its own, with cookies and storage shared by all of this browser. */
  open(options?: TabOptions): Promise<Tab>
  stop(): Promise<void>
}

export interface TabOptions {
  /** CSS pixels; 1280 × 900 unless said otherwise. */
  readonly width?: number
  readonly height?: number
  /** Device pixels to a CSS pixel. */
  readonly scale?: number
  readonly isPhone?: boolean
  /** Media features: `prefers-color-scheme`, `prefers-reduced-motion`. */
  readonly media?: Readonly<Record<string, string>>
}

export interface Tab {
  /** Every address that was asked for. */
  readonly asked: readonly string[]
  /** Whatever the browser complained of: exceptions, errors on the console, breaches of the policy. */
  readonly complaints: readonly string[]
  goTo(url: string): Promise<void>
  /** The value of an expression in the page; a promise is waited for. Rejects when it throws. */
  evaluate(expression: string): Promise<unknown>
  /** Resolves when the expression is true; rejects after a minute. */
  until(expression: string): Promise<void>
  /**
   * Clicks on the first element of that selector whose text holds `text`, once it is there, enabled, and nothing lies over
   * its middle. Looked at and clicked in one turn of the page: what moves meanwhile is not missed.
   */
  click(selector: string, text?: string): Promise<void>
  /** Types into whatever has the focus. */
  type(text: string): Promise<void>
  /** `Tab`, `Escape`, `Enter`, or a character. */
  press(key: string): Promise<void>
  /** The names of everything that a screen reader is told to be of that role. */
  accessible(role: string): Promise<readonly string[]>
  /** A PNG of what is seen. */
  picture(): Promise<Uint8Array>
  close(): Promise<void>
}

/** So long anything is waited for that should come at once; nothing is slow that takes less. */
export const patienceMs = 60_000

/** Where none is installed: undefined. */
export const chromiumPath = (): string | undefined =>
  Bun.which('chromium') ?? Bun.which('chromium-browser') ?? Bun.which('google-chrome') ?? undefined

interface Message {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

type Call = (method: string, params?: object) => Promise<Readonly<Record<string, unknown>>>

/** Throws where there is none, or it does not start. */
export async function startChromium(): Promise<Chromium> {
  const path = chromiumPath()
  if (path === undefined) throw new Error('there is no chromium: apt-get install chromium')
  const profile = mkdtempSync(join(tmpdir(), 'smartedge-chromium-'))
  const browser = Bun.spawn(
    [path, ...flags, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank'],
    {
      stdout: 'ignore',
      stderr: 'pipe',
    },
  )
  const stop = async (): Promise<void> => {
    browser.kill('SIGKILL')
    await browser.exited
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const wire = await connect(await endpointIn(browser.stderr))
    return { open: (options) => openTab(wire, options), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

async function endpointIn(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let said = ''
  for await (const piece of stderr) {
    said += new TextDecoder().decode(piece)
    const endpoint = /ws:\/\/\S+/.exec(said)?.[0]
    if (endpoint !== undefined) return endpoint
  }
  throw new Error(`chromium ended: ${said.slice(-500)}`)
}

interface Wire {
  call(method: string, params?: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>>
  /** Hears of everything that a session tells. */
  listen(sessionId: string, onEvent: (message: Message) => void): void
}

async function connect(endpoint: string): Promise<Wire> {
  const socket = new WebSocket(endpoint)
  const waiting = new Map<number, (message: Message) => void>()
  const listeners = new Map<string, (message: Message) => void>()
  let last = 0
  let isOver = false
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id === undefined) return listeners.get(message.sessionId ?? '')?.(message)
    waiting.get(message.id)?.(message)
    waiting.delete(message.id)
  })
  socket.addEventListener('close', () => {
    isOver = true
    for (const [id, answer] of waiting) answer({ id, error: { message: 'chromium is gone' } })
  })
  return {
    async call(method, params = {}, sessionId) {
      if (isOver) throw new Error(`${method}: chromium is gone`)
      last += 1
      const answer = new Promise<Message>((resolve) => waiting.set(last, resolve))
      socket.send(JSON.stringify({ id: last, method, params, ...(sessionId !== undefined && { sessionId }) }))
      const { result = {}, error } = await answer
      if (error !== undefined) throw new Error(`${method}: ${error.message}`)
      return result
    },
    listen: (sessionId, onEvent) => void listeners.set(sessionId, onEvent),
  }
}

async function openTab(wire: Wire, options: TabOptions = {}): Promise<Tab> {
  const { width = 1280, height = 900, scale = 1, isPhone = false, media = {} } = options
  const { targetId } = await wire.call('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await wire.call('Target.attachToTarget', { targetId, flatten: true })
  const call: Call = (method, params) => wire.call(method, params, String(sessionId))
  const asked: string[] = []
  const complaints: string[] = []
  wire.listen(String(sessionId), (message) => {
    const told = complaintOf(message)
    if (told !== undefined) complaints.push(told)
    const { method, params = {} } = message
    if (method === 'Network.requestWillBeSent') asked.push((params['request'] as { readonly url: string }).url)
  })
  for (const domain of ['Network', 'Log', 'Runtime', 'Page']) await call(`${domain}.enable`)
  await call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: isPhone })
  const features = Object.entries(media).map(([name, value]) => ({ name, value }))
  await call('Emulation.setEmulatedMedia', { features })
  await call('Emulation.setScrollbarsHidden', { hidden: true })
  // Each is the one in front: what lies behind draws nothing, and takes no keys.
  await call('Emulation.setFocusEmulationEnabled', { enabled: true })
  return {
    asked,
    complaints,
    ...actionsOf(call),
    close: async () => void (await wire.call('Target.closeTarget', { targetId })),
  }
}

function complaintOf({ method, params = {} }: Message): string | undefined {
  if (method === 'Log.entryAdded') {
    const { level, text } = params['entry'] as { readonly level: string; readonly text: string }
    return level === 'error' || level === 'warning' ? text : undefined
  }
  if (method === 'Runtime.exceptionThrown') return JSON.stringify(params['exceptionDetails']).slice(0, 800)
  if (method !== 'Runtime.consoleAPICalled' || params['type'] !== 'error') return undefined
  return `console: ${JSON.stringify(params['args']).slice(0, 500)}`
}

/** https://chromedevtools.github.io/devtools-protocol/tot/Accessibility/#type-AXNode */
interface AccessibleNode {
  readonly ignored: boolean
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
}

const how = { awaitPromise: true, returnByValue: true, userGesture: true }

function actionsOf(call: Call): Omit<Tab, 'asked' | 'complaints' | 'close'> {
  const evaluate: Tab['evaluate'] = async (expression) => {
    const answer = await call('Runtime.evaluate', { ...how, expression })
    if (answer['exceptionDetails'] !== undefined)
      throw new Error(JSON.stringify(answer['exceptionDetails']).slice(0, 800))
    return (answer['result'] as { readonly value?: unknown }).value
  }
  const until: Tab['until'] = async (expression) => {
    for (const start = performance.now(); performance.now() - start < patienceMs; await Bun.sleep(20))
      if ((await evaluate(expression)) === true) return
    throw new Error(`it never was: ${expression}\n${String(await evaluate('document.body.innerText'))}`)
  }
  return {
    evaluate,
    until,
    async goTo(url) {
      await call('Page.navigate', { url })
      await until("document.readyState === 'complete'")
    },
    async click(selector, text = '') {
      let told: unknown
      for (const start = performance.now(); performance.now() - start < patienceMs; await Bun.sleep(20)) {
        told = await evaluate(clickOn(selector, text))
        if (told === 'clicked') return
      }
      throw new Error(`nothing to click on: ${selector} with "${text}": ${String(told)}`)
    },
    type: async (text) => void (await call('Input.insertText', { text })),
    async press(key) {
      const codes: Readonly<Record<string, number>> = { Tab: 9, Enter: 13, Escape: 27 }
      const text = key === 'Enter' ? '\r' : key.length === 1 ? key : undefined
      const event = { key, windowsVirtualKeyCode: codes[key] ?? 0, ...(text !== undefined && { text }) }
      await call('Input.dispatchKeyEvent', { type: 'keyDown', ...event })
      await call('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
    },
    async accessible(role) {
      const { nodes } = await call('Accessibility.getFullAXTree')
      return (nodes as readonly AccessibleNode[])
        .filter((node) => !node.ignored && node.role?.value === role)
        .map(({ name }) => name?.value ?? '')
    },
    async picture() {
      const { data } = await call('Page.captureScreenshot', { format: 'png' })
      return Uint8Array.fromBase64(String(data))
    },
  }
}

/** An expression: `clicked`, or why not. */
const clickOn = (selector: string, text: string): string => `(() => {
  const all = [...document.querySelectorAll(${JSON.stringify(selector)})]
  const one = all.find((one) => one.textContent.includes(${JSON.stringify(text)}))
  if (one === undefined) return 'it is not there'
  if (one.disabled) return 'it is disabled'
  one.scrollIntoView({ block: 'center', behavior: 'instant' })
  const { x, y, width, height } = one.getBoundingClientRect()
  const top = width > 0 ? document.elementFromPoint(x + width / 2, y + height / 2) : null
  if (!one.contains(top)) return 'something lies over it'
  one.focus()
  one.click()
  return 'clicked'
})()`
