import { fileURLToPath } from 'node:url'

/** Path of the BPMN model; it lies beside src and dist alike. Complete by itself. */
export const modelFile: string = fileURLToPath(new URL('../order-fulfilment.bpmn', import.meta.url))

/** Path of the side mapping that says the same as the model's own tm: attributes. */
export const mappingFile: string = fileURLToPath(new URL('../order-fulfilment.mapping.yaml', import.meta.url))
