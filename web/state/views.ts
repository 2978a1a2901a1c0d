/** The screens of the page, and the part of its address that names them. Pure. */

export const views = ['overview', 'latency', 'requests', 'history', 'config', 'limits'] as const
export type View = (typeof views)[number]

export const viewTitles: Readonly<Record<View, string>> = {
  overview: 'Overview',
  latency: 'Latency',
  requests: 'Why',
  history: 'History',
  config: 'Config',
  limits: 'Routes',
}

export const hashOf = (view: View): string => `#${view}`

/** Anything strange is the overview. */
export const viewOf = (hash: string): View => views.find((view) => hashOf(view) === hash) ?? 'overview'
