import { fileURLToPath } from 'node:url'

/** Path of the BPMN model; it lies beside src and dist alike. */
export const modelFile: string = fileURLToPath(new URL('../order-fulfilment.bpmn', import.meta.url))
