import type { ModelVersion } from '../store/write/model-versions.js'

/** It tells instances again that began before it was deployed: events from the beginning of the log are its own. */
export function takesOver({ version, inForceFrom, deployedAt }: Pick<ModelVersion, 'version' | 'inForceFrom' | 'deployedAt'>): boolean {
  return version > 1 && inForceFrom <= deployedAt
}
