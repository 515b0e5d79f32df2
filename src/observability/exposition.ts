import { visibleLine } from '../quantities/visible-text.ts';

export type Sample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a histogram: which part of it. */
  readonly part?: 'bucket' | 'sum' | 'count';
};

export type MetricFamily = {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
};

/**
 * The text format 0.0.4. A family without samples is left out: what is not known is not zero.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function expositionText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

function familyText({ name, type, help, samples }: MetricFamily): string {
  const lines = [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples.map((sample) => sampleLine(name, sample)),
  ];
  return `${lines.join('\n')}\n`;
}

function sampleLine(family: string, { labels, value, part }: Sample): string {
  const name = part === undefined ? family : `${family}_${part}`;
  return `${name}${labelsText(labels)} ${value}`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  // Each line apart: the format has an escape of its own for where one ends.
  const visible = value
    .split(/([\n\r])/)
    .map((part, index) => (index % 2 ? part : visibleLine(part)));
  return visible.join('').replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
