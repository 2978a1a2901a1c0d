// `npm start`: the demo; `npm start -- -c other.json`: that configuration for real, without embedded origins.
import { mainOfProcess } from '../cli/main.ts'

const args = process.argv.slice(2)
const hasConfig = args.some((arg) => arg.startsWith('-c') || arg === '--config' || arg.startsWith('--config='))
await mainOfProcess([hasConfig ? 'run' : 'demo', ...args])
