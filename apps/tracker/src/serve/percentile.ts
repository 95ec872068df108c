/** Buckets are logarithmic: four to a doubling. Bucket b holds durations from 2^(b/4) ms up to 2^((b+1)/4) ms. */
const BUCKETS_PER_DOUBLING = 4

export interface Bucket {
  readonly bucket: number
  readonly count: number
}

/**
 * A percentile in milliseconds from counted buckets, smallest first; within a bucket the durations are taken as spread evenly on the
 * logarithmic scale, so the answer is at most a bucket's width (19 %) off.
 * @param share 0.5 for the median
 */
export function percentileMs(buckets: readonly Bucket[], share: number): number | undefined {
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return undefined
  const wanted = total * share
  let below = 0
  for (const { bucket, count } of buckets) {
    if (count > 0 && below + count >= wanted) {
      return Math.round(2 ** ((bucket + (wanted - below) / count) / BUCKETS_PER_DOUBLING))
    }
    below += count
  }
  return undefined
}
