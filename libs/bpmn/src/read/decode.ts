import type { Finding } from '../model.js'
import { finding } from './finding-codes.js'

const DECLARATION = /^\s*<\?xml\s[^>]*?\?>/
const ENCODING = /(\sencoding\s*=\s*)(["'])([^"']*)\2/
/** Longest XML declaration we look for, in bytes. */
const DECLARATION_BYTES = 200

/**
 * Text of a file: the byte order mark decides, else the XML declaration, else UTF-8. Text that was decoded already is taken as
 * it is. The declaration of what comes out says UTF-8, so that whoever reads it next is not misled.
 */
export function decode(input: string | Uint8Array): { text: string } | { finding: Finding } {
  if (typeof input === 'string') return { text: sayUtf8(input.replace(/^\uFEFF/, '')) }
  const encoding = encodingOf(input)
  try {
    return { text: sayUtf8(new TextDecoder(encoding, { fatal: true }).decode(input)) }
  } catch {
    return { finding: finding('badEncoding', undefined, `The file is not valid ${encoding}: save it as UTF-8.`) }
  }
}

function encodingOf(bytes: Uint8Array): string {
  const [a, b, c] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return 'utf-16le'
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)) return 'utf-16be'
  const head = String.fromCharCode(...bytes.subarray(0, DECLARATION_BYTES))
  return ENCODING.exec(DECLARATION.exec(head)?.[0] ?? '')?.[3] || 'utf-8'
}

function sayUtf8(text: string): string {
  return text.replace(DECLARATION, (declaration) => declaration.trimStart().replace(ENCODING, '$1$2UTF-8$2'))
}
