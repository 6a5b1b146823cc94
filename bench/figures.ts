/** Numbers and how they are told. */
import type { LoadResult } from './load/raw-client.ts'

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))]
  if (value === undefined) throw new Error('no values')
  return value
}

/** One line of the results: what was measured, what of the probe, and what must hold. */
export interface Finding {
  readonly name: string
  readonly varve: string
  readonly probe: string
  /** Median of the pairs' ratios. */
  readonly ratio: number
  readonly pairs: readonly number[]
  /** '≥' when more is better, '≤' when less is. */
  readonly bar: { readonly relation: '≥' | '≤'; readonly value: number } | null
}

export function describeLoad(runs: readonly LoadResult[]): string {
  const perSecond = median(runs.map((run) => run.requests / run.seconds))
  const latencies = runs.flatMap((run) => run.latencies)
  const p50 = quantile(latencies, 0.5).toFixed(2)
  const p99 = quantile(latencies, 0.99).toFixed(2)
  return `${perSecond.toFixed(0)}/s, p50 ${p50} ms, p99 ${p99} ms`
}

export function describeBytes(runs: readonly LoadResult[], sizeEach: number): string {
  const mib = median(runs.map((run) => (run.requests * sizeEach) / run.seconds / 2 ** 20))
  return `${mib.toFixed(0)} MiB/s`
}

export function meetsBar({ ratio, bar }: Finding): boolean {
  if (bar === null) return true
  return bar.relation === '≥' ? ratio >= bar.value : ratio <= bar.value
}

export function tableRow(finding: Finding): string {
  const { name, varve, probe, ratio, pairs, bar } = finding
  const range = `${Math.min(...pairs).toFixed(2)} – ${Math.max(...pairs).toFixed(2)}`
  const wanted = bar === null ? '' : `${bar.relation} ${bar.value}`
  const verdict = meetsBar(finding) ? '' : ' (missed)'
  return `| ${name} | ${varve} | ${probe} | ${ratio.toFixed(2)} (${range}) | ${wanted}${verdict} |`
}
