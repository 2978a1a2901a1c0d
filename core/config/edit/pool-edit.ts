/** One change of a pool -> the changed text of the file that holds it. Pure. What the change holds is checked by loading the result. */
import { dirname, resolve } from 'node:path'
import { findNodeAtLocation, type JSONPath, type Node } from 'jsonc-parser'
import { defaults } from '../defaults.ts'
import type { Place } from '../discover.ts'
import { backendId, parseBackendUrl } from '../network.ts'
import { type Env, expand } from '../read/expand.ts'
import { readTree } from '../read/tree.ts'
import { appendItem, appendItems, removeItem, removeItems, replaceNode } from './tree-edit.ts'

/** What a client sent is `unknown`: the loader judges it where it then stands. */
export type FileEdit =
  | { readonly kind: 'add'; readonly member: unknown }
  | { readonly kind: 'remove'; readonly backend: string }
  | MemberUpdate
  | MembersReplacement
  | { readonly kind: 'strategy'; readonly strategy: unknown }

/** Some members in place of others, as one change: whoever is there already, or is gone, is no fault. */
export interface MembersReplacement {
  readonly kind: 'replace'
  /** Members as JSON, as they are to stand in the file. */
  readonly put: readonly string[]
  /** By id. */
  readonly gone: readonly string[]
}

/** Absent, each stays as it is. */
export interface MemberUpdate {
  readonly kind: 'update'
  readonly backend: string
  readonly weight?: unknown
  /** null: no bound of its own. */
  readonly maxInflight?: unknown
  readonly drain?: boolean
}

/** Where something of a pool stands. */
export interface Home {
  /** Absolute. */
  readonly file: string
  readonly path: JSONPath
}

/** The lists of members and the objects of pools, by pool name. `text`: of the file at `place`; it must be valid. */
export function findHome(
  text: string,
  place: Place,
  { pool, what }: { readonly pool: string; readonly what: 'members' | 'pool' },
  env: Env,
): Home | undefined {
  if (place.kind === 'members') {
    const isThere = pool === 'default' && what === 'members'
    return isThere ? { file: place.path, path: ['backends'] } : undefined
  }
  const home: Home = { file: place.path, path: ['pools', pool] }
  const root = readTree(text).root
  const node = root && findNodeAtLocation(root, home.path)
  if (node === undefined || what === 'pool') return node && home
  const list = findNodeAtLocation(node, ['backends'])
  if (list?.type === 'array') return { ...home, path: [...home.path, 'backends'] }
  const file = list && findNodeAtLocation(list, ['file'])
  const expanded = expand(String(file?.value), env)
  if (file === undefined || expanded.kind !== 'text') return undefined
  return { file: resolve(dirname(place.path), expanded.text), path: ['backends'] }
}

export type Edited =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'no-backend' }
  /** What is to be added is there already, by this id. */
  | { readonly kind: 'duplicate'; readonly id: string }

/** `text`: of the home's file; it must be valid. */
export function editText(text: string, { path }: Home, edit: FileEdit, env: Env): Edited {
  const root = readTree(text).root
  const node = root && findNodeAtLocation(root, path)
  if (node === undefined) return { kind: 'no-backend' }
  if (edit.kind === 'strategy') return done(setProperty(text, node, 'strategy', edit.strategy))
  if (edit.kind === 'add') return addMember(text, node, edit.member, env)
  if (edit.kind === 'replace') return done(replaceMembers(text, path, edit, env))
  const index = (node.children ?? []).findIndex((member) => idOf(member, env) === edit.backend)
  const member = node.children?.[index]
  if (member === undefined) return { kind: 'no-backend' }
  return done(edit.kind === 'remove' ? removeItem(text, node, index) : updateMember(text, member, edit))
}

const done = (text: string): Edited => ({ kind: 'text', text })

function addMember(text: string, list: Node, member: unknown, env: Env): Edited {
  const id = memberId(member)
  const isThere = id !== undefined && (list.children ?? []).some((one) => idOf(one, env) === id)
  return isThere ? { kind: 'duplicate', id } : done(appendItem(text, list, render(member)))
}

/** The new ones first, so that the list is never empty and keeps its manner. */
function replaceMembers(text: string, path: JSONPath, { put, gone }: MembersReplacement, env: Env): string {
  const there = new Set(idsIn(text, path, env))
  const named = put.map((member) => textId(member, env))
  const added = put.filter((_, index) => !there.has(named[index]) && named.indexOf(named[index]) === index)
  const list = listIn(text, path)
  const grown = list === undefined ? text : appendItems(text, list, added)
  const ids = idsIn(grown, path, env)
  const grownList = listIn(grown, path)
  const leaving = new Set<string | undefined>(gone)
  return grownList === undefined ? grown : removeItems(grown, grownList, (index) => leaving.has(ids[index]))
}

function listIn(text: string, path: JSONPath): Node | undefined {
  const { root } = readTree(text)
  return root && findNodeAtLocation(root, path)
}

/** Of each member, in order. */
const idsIn = (text: string, path: JSONPath, env: Env): readonly (string | undefined)[] =>
  (listIn(text, path)?.children ?? []).map((member) => idOf(member, env))

/** Each member that the home's file lists, as it stands there, by id. `text` must be valid. */
export function memberTexts(text: string, { path }: Home, env: Env): ReadonlyMap<string, string> {
  return new Map(
    (listIn(text, path)?.children ?? []).flatMap((member) => {
      const id = idOf(member, env)
      return id === undefined ? [] : [[id, text.slice(member.offset, member.offset + member.length)] as const]
    }),
  )
}

/** The id of a member that is written so; undefined: it is none. */
export function textId(text: string, env: Env): string | undefined {
  const { root } = readTree(text)
  return root && idOf(root, env)
}

/** As the loader would name it: variables expanded. */
function idOf(member: Node, env: Env): string | undefined {
  const url = member.type === 'string' ? member : findNodeAtLocation(member, ['url'])
  const expanded = expand(String(url?.value), env)
  return expanded.kind === 'text' ? idOfUrl(expanded.text) : undefined
}

/** The id that a member gets which a client sent; undefined: it is none. */
export function memberId(member: unknown): string | undefined {
  if (typeof member === 'string') return idOfUrl(member)
  const url = typeof member === 'object' && member !== null && 'url' in member ? member.url : undefined
  return typeof url === 'string' ? idOfUrl(url) : undefined
}

function idOfUrl(url: string): string | undefined {
  const parsed = parseBackendUrl(url)
  return parsed.kind === 'value' ? backendId(parsed.value) : undefined
}

const neutralWeight = defaults['pool.backend.weight'].value

function updateMember(text: string, member: Node, edit: MemberUpdate): string {
  const changes = changesOf(edit)
  if (member.type === 'string') {
    const url = text.slice(member.offset, member.offset + member.length)
    const facts = changes
      .filter(([key, value]) => value !== undefined && !(key === 'weight' && value === neutralWeight))
      .map(([key, value]) => `"${key}": ${render(value)}`)
    return facts.length === 0 ? text : replaceNode(text, member, `{ ${[`"url": ${url}`, ...facts].join(', ')} }`)
  }
  const updated = changes.reduce((before, [key, value]) => {
    // Offsets move; the member still begins where it did.
    const now = nodeAt(before, member.offset)
    if (now === undefined) return before
    return value === undefined ? dropProperty(before, now, key) : setProperty(before, now, key, value)
  }, text)
  return updated === text ? text : plainAgain(updated, member.offset, edit.weight === neutralWeight)
}

/** What is to be written; undefined: nothing, which says the same. */
function changesOf({ weight, maxInflight, drain }: MemberUpdate): readonly (readonly [key: string, value: unknown])[] {
  return [
    ...(weight === undefined ? [] : [['weight', weight] as const]),
    ...(maxInflight === undefined ? [] : [['maxInflight', maxInflight ?? undefined] as const]),
    ...(drain === undefined ? [] : [['drain', drain || undefined] as const]),
  ]
}

/** With the URL alone in place of the object that begins at `offset`, where nothing else is said in it, a comment say. */
function plainAgain(text: string, offset: number, isNeutral: boolean): string {
  const member = nodeAt(text, offset)
  const url = member && findNodeAtLocation(member, ['url'])
  if (member === undefined || url === undefined) return text
  const keys = (member.children ?? []).map((property) => property.children?.[0]?.value)
  if (isNeutral && keys.length === 2 && keys.includes('weight'))
    return plainAgain(dropProperty(text, member, 'weight'), offset, false)
  const around = text.slice(offset, url.offset) + text.slice(url.offset + url.length, offset + member.length)
  const isBare = /^\{\s*"url"\s*:\s*,?\s*\}$/.test(around)
  return isBare ? replaceNode(text, member, text.slice(url.offset, url.offset + url.length)) : text
}

/** The object that begins at `offset`. */
function nodeAt(text: string, offset: number): Node | undefined {
  const find = (node: Node | undefined): Node | undefined =>
    node?.offset === offset && node.type === 'object'
      ? node
      : node?.children?.map((child) => find(child)).find((found) => found !== undefined)
  return find(readTree(text).root)
}

function setProperty(text: string, object: Node, key: string, value: unknown): string {
  const node = findNodeAtLocation(object, [key])
  if (node !== undefined) return replaceNode(text, node, render(value))
  return appendItem(text, object, `${JSON.stringify(key)}: ${render(value)}`)
}

function dropProperty(text: string, object: Node, key: string): string {
  const index = (object.children ?? []).findIndex((property) => property.children?.[0]?.value === key)
  return index === -1 ? text : removeItem(text, object, index)
}

/** A member that a client sent, as it is to stand in a file. */
export const memberText = (member: unknown): string => render(member)

/** On one line, spaced as people write it. Texts are literal: `${` would make the loader read a variable. */
function render(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.replaceAll('${', () => '$${'))
  if (Array.isArray(value)) return `[${value.map(render).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${render(item)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}
