/** The style sheet's colours, as a canvas takes them. */

const colorNames = ['text', 'dim', 'line', 'accent', 'second', 'good', 'bad', 'card'] as const
export type Colors = Readonly<Record<(typeof colorNames)[number], string>> & { readonly heat: readonly string[] }

const heatSteps = 6

/** As they are now: they differ between light and dark. Reads the layout; not for every frame. */
export function readColors(): Colors {
  const probe = document.createElement('span')
  document.body.append(probe)
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const named = Object.fromEntries(colorNames.map((name) => [name, read(name)]))
  const heat = Array.from({ length: heatSteps }, (_, index) => read(`heat-${index}`))
  probe.remove()
  return { ...(named as Record<(typeof colorNames)[number], string>), heat }
}
