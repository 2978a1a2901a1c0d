/** How the HTML page looks: light and dark after the reader's system, nothing fetched. */
export const stylesheet = `
:root { color-scheme: light dark; --text: #1c2430; --soft: #5d6b7c; --line: #dde3ea; --paper: #fff; --ground: #f4f6f9; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e9f0; --soft: #98a5b5; --line: #313b48; --paper: #1b222c; --ground: #12171e; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 1rem; font-size: 1.9rem; }
h2 { margin: 2.5rem 0 0.25rem; }
h2 + p { margin: 0 0 0.75rem; color: var(--soft); }
h3 { margin: 0 0 0.75rem; font-size: 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; margin: 0; font-size: 0.9rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
section { margin: 0 0 1rem; padding: 1rem 1.25rem; background: var(--paper); border: 1px solid var(--line); border-radius: 12px;
  overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
th, td { padding: 0.4rem 0.6rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; white-space: normal; vertical-align: bottom; }
tbody th { text-align: left; font-weight: 600; }
tbody th b { display: inline-block; width: 0.7rem; height: 0.7rem; margin-right: 0.5rem; border-radius: 3px; }
td i { display: block; height: 4px; margin: 0.2rem 0 0 auto; border-radius: 2px; }
td small { color: var(--soft); }
.own > * { background: color-mix(in srgb, #0072b2 7%, transparent); }
.reading { margin: 1.25rem 0 0; color: var(--soft); font-size: 0.9rem; }
.failed { color: #d1242f; font-weight: 700; }
.flaw, .warning { color: #d1242f; font-weight: 700; cursor: help; }
details { margin-top: 1.5rem; color: var(--soft); font-size: 0.9rem; }
summary { cursor: pointer; font-weight: 600; }
svg { display: block; width: 100%; margin-top: 1rem; font: 12px system-ui, sans-serif; }
svg text { fill: var(--soft); }
svg .grid { stroke: var(--line); }
`
