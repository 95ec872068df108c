import { TrackerError } from '../problem.js'

/** A model as it was posted: the file, and the side mapping in YAML or JSON where there is one. */
export interface ModelBody {
  readonly file: string | Uint8Array
  readonly mapping?: string
}

/** Reads what came as XML, as multipart/form-data with `model` and `mapping`, or as JSON `{xml, mapping}`. */
export async function readModelBody(contentType: string, body: unknown): Promise<ModelBody> {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
  if (mediaType === 'multipart/form-data') return fromForm(contentType, body)
  if (mediaType === 'application/json') return fromJson(body)
  if (body instanceof Uint8Array && body.length > 0) return { file: body }
  if (typeof body === 'string' && body !== '') return { file: body }
  throw refused('There is no model in the request: send the BPMN file as its body, with content type application/xml.')
}

async function fromForm(contentType: string, body: unknown): Promise<ModelBody> {
  const form = await parseForm(contentType, body)
  const model = form.get('model')
  const mapping = form.get('mapping')
  if (model === null) throw refused('The form has no field `model`: put the BPMN file there.')
  const file = typeof model === 'string' ? model : new Uint8Array(await model.arrayBuffer())
  const mappingText = mapping === null || typeof mapping === 'string' ? mapping : await mapping.text()
  return mappingText === null || mappingText.trim() === '' ? { file } : { file, mapping: mappingText }
}

/** Node's own parser of forms is the one of fetch's Response. The size was bounded when the body was read. */
async function parseForm(contentType: string, body: unknown): Promise<FormData> {
  try {
    return await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } }).formData()
  } catch (cause) {
    throw new TrackerError('invalidRequest', 400, 'The form cannot be read: it is cut, or its boundary does not match the content type.', undefined, { cause })
  }
}

function fromJson(body: unknown): ModelBody {
  const { xml, mapping } = (typeof body === 'object' && body !== null ? body : {}) as { xml?: unknown; mapping?: unknown }
  if (typeof xml !== 'string' || xml === '') throw refused('The JSON has no `xml`: put the text of the BPMN file there.')
  if (mapping === undefined || mapping === null || mapping === '') return { file: xml }
  return { file: xml, mapping: typeof mapping === 'string' ? mapping : JSON.stringify(mapping) }
}

function refused(detail: string): TrackerError {
  return new TrackerError('invalidRequest', 400, detail)
}
