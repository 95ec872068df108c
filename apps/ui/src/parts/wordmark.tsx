import classes from './frame.module.css'

/** The name, and the line the tide leaves. */
export function Wordmark() {
  return (
    <span className={classes.wordmark}>
      <svg viewBox="0 0 28 20" width="28" height="20" aria-hidden="true">
        <path className={classes.waterline} d="M2 12.5c4 0 4-4.4 8-4.4s4 4.4 8 4.4 4-4.4 8-4.4" />
        <path className={classes.tidemarks} d="M2 4h9M2 17.5h5" />
      </svg>
      <span className={classes.name}>Tidemark</span>
    </span>
  )
}
