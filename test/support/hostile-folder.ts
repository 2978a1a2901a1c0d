/** A folder of a stranger's: all that a runtime reads from a working directory, each doing harm. */
export const hostileFiles: Readonly<Record<string, string>> = {
  'bunfig.toml': 'preload = ["./preload.ts"]\njsx = "react"\n[define]\n"process.argv" = "[]"\n',
  'preload.ts': 'console.error("PRELOADED")',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      jsx: 'react-jsx',
      jsxImportSource: 'preact',
      baseUrl: '.',
      paths: { commander: ['./preload.ts'], 'smartedge/strategy': ['./preload.ts'] },
    },
  }),
  'package.json': JSON.stringify({
    name: 'smartedge',
    type: 'commonjs',
    imports: { '#jsx/jsx-runtime': './preload.ts' },
    exports: { './strategy': './preload.ts' },
    workspaces: ['nowhere/*'],
  }),
  'node_modules/commander/index.js': 'console.error("STRANGER")',
  'node_modules/react/index.js': 'console.error("STRANGER")',
  'node_modules/smartedge/package.json': '{ "exports": { "./strategy": "./old.js" } }',
  'node_modules/smartedge/old.js': 'throw new Error("of another version")',
  '.env': 'SMARTEDGE_CONFIG=/nonexistent.json\nSMARTEDGE_ADMIN_URL=nonsense\nMEMBER=http://localhost:1\n',
  '.env.production': 'MEMBER=http://localhost:1\n',
}
