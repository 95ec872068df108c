/** The part of bpmn.io's token simulator that runs without a browser; it has no types of its own. */
declare module 'bpmn-js-token-simulation/lib/simulator/Simulator' {
  const simulator: unknown
  export default simulator
}

declare module 'bpmn-js-token-simulation/lib/simulator/behaviors' {
  /** By the name it is injected under: `['type', constructor]`. */
  const behaviors: Readonly<Record<string, unknown>>
  export default behaviors
}
