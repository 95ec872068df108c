/**
 * The second sign of each colour that carries meaning: a shape, drawn in a box of 12 x 12 with strokes. Data and not components, because
 * the pages and the canvas both draw them.
 */
export type SignName = 'stuck' | 'late' | 'deviating' | 'error' | 'warning' | 'info'

export const signPaths: Record<SignName, string> = {
  // An hourglass.
  stuck: 'M3 1.5h6M3 10.5h6M3.8 1.5c0 3.2 4.4 5.8 4.4 9M8.2 1.5c0 3.2-4.4 5.8-4.4 9',
  // A clock.
  late: 'M6 1.4a4.6 4.6 0 1 0 .01 0M6 3.4V6l1.9 1.1',
  // Reality is not the model.
  deviating: 'M2 4.4h8M2 7.6h8M8.2 1.6 3.8 10.4',
  error: 'M6 1.4a4.6 4.6 0 1 0 .01 0M4.4 4.4l3.2 3.2M7.6 4.4 4.4 7.6',
  warning: 'M6 1.6 11 10.4H1zM6 4.9v2.3M6 8.8v.05',
  info: 'M6 1.4a4.6 4.6 0 1 0 .01 0M6 5.6v2.8M6 3.7v.05',
}

export const signNames: Record<SignName, string> = {
  stuck: 'stuck',
  late: 'late',
  deviating: 'off the path',
  error: 'error',
  warning: 'warning',
  info: 'note',
}
