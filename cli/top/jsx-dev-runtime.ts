/**
 * What JSX compiles to where Bun takes this for a development build, as it does when the working directory's tsconfig.json
 * says so or is missing: the same calls as elsewhere. React's own `jsxDEV` is missing in production, which is what runs.
 */
import { Fragment, jsx } from 'react/jsx-runtime'
import type { ElementType, Key } from 'react'

export { Fragment }

/** Children come within `props`; what else a development build adds is for React's warnings. */
export const jsxDEV = (type: ElementType, props: object, key?: Key) => jsx(type, props, key)
