import { contentHash } from './identity.js'

/** Event times can lie before 1970: since for ever, as the first version of a model is in force. */
export const ALWAYS = -8_640_000_000_000_000

/** Of the files that a version was deployed from: the same again is no new version. */
export function sourceHash(xml: string, mapping: string | undefined, decision: string | undefined): string {
  return contentHash(JSON.stringify([xml, mapping ?? null, ...(decision === undefined ? [] : [decision])]))
}
