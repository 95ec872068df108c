import type { Finding } from '@tidemark/api'
import { Sign } from '../parts/sign.js'
import classes from './models.module.css'

interface FindingListProps {
  findings: readonly Finding[]
  selected?: string | undefined
  /** Called with the element that a finding is about. */
  onSelect?: (element: string) => void
}

const order: Record<Finding['severity'], number> = { error: 0, warning: 1, info: 2 }

/** Findings, the gravest first; one that has an element leads to it. */
export function FindingList({ findings, selected, onSelect }: FindingListProps) {
  const sorted = [...findings].sort((a, b) => order[a.severity] - order[b.severity])
  return (
    <ul className={classes.findings} data-testid="findings">
      {sorted.map((finding, index) => (
        <li
          key={index}
          data-severity={finding.severity}
          data-selected={(selected !== undefined && finding.elementId === selected) || undefined}
        >
          <Sign name={finding.severity} size={14} />
          <div>
            {finding.elementId !== undefined && onSelect !== undefined ? (
              <button type="button" onClick={() => onSelect(finding.elementId!)}>
                {finding.message}
              </button>
            ) : (
              <p>{finding.message}</p>
            )}
            <p className="dim">
              <span className="mono">{finding.code}</span>
              {finding.elementId !== undefined && ` · ${finding.elementId}`}
            </p>
          </div>
        </li>
      ))}
    </ul>
  )
}
