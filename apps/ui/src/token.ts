import { useSyncExternalStore } from 'react'

/** The optional bearer token: asked for when the API answers 401, kept for this tab only. */
const storageName = 'tidemark-token'

let token = stored()
let wanted = false
const listeners = new Set<() => void>()

export function bearerToken(): string | undefined {
  return token
}

/** The API said 401: whoever renders the frame asks the person. */
export function tokenRefused(): void {
  if (wanted) return
  wanted = true
  tell()
}

export function giveToken(text: string): void {
  token = text.trim() === '' ? undefined : text.trim()
  wanted = false
  try {
    if (token === undefined) sessionStorage.removeItem(storageName)
    else sessionStorage.setItem(storageName, token)
  } catch {
    // Storage may be off; the token then lives as long as the page.
  }
  tell()
}

export function useTokenWanted(): boolean {
  return useSyncExternalStore(onTokenChange, () => wanted)
}

export function onTokenChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function tell(): void {
  for (const listener of listeners) listener()
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(storageName) ?? undefined
  } catch {
    return undefined
  }
}
