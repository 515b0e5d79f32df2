/**
 * One measured figure: every round's sample, and what is said of them. `target` is
 * `{ atMost }` or `{ atLeast }`, met by the median. `headline`: it stands in the project's README.
 */
export function figure(name, unit, samples, { target = null, headline = false } = {}) {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = median(sorted);
  return {
    name,
    unit,
    median: middle,
    min: sorted[0],
    max: sorted.at(-1),
    samples,
    target,
    met: target === null ? null : isMet(target, middle),
    headline,
  };
}

function median(sorted) {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function isMet({ atMost = Infinity, atLeast = -Infinity }, value) {
  return value >= atLeast && value <= atMost;
}

/** `2.31 × (2.24–2.49)` */
export function describeSamples({ unit, median: middle, min, max }) {
  const spread = min === max ? '' : ` (${describeNumber(min)}–${describeNumber(max)})`;
  return `${describeNumber(middle)} ${unit}${spread}`;
}

export function describeTarget({ target, unit, met }) {
  if (target === null) return '';
  const bound =
    target.atMost === undefined
      ? `≥ ${describeNumber(target.atLeast)}`
      : `≤ ${describeNumber(target.atMost)}`;
  return `${bound} ${unit}: ${met ? 'met' : '**target missed**'}`;
}

export function describeFigure(measured) {
  const target = describeTarget(measured).replaceAll('**', '');
  return `${measured.name}: ${describeSamples(measured)}${target === '' ? '' : `   ${target}`}`;
}

/** Three digits that matter, thousands apart. */
function describeNumber(value) {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
