export * from './model.js'
export * from './event.js'
