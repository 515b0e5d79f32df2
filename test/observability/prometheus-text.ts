import { expect } from 'vitest';

export type ParsedSample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type ParsedFamily = {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
};

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const PAIR = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(String.raw`^(${NAME})(?:\{(${PAIR}(?:,${PAIR})*)\})? (\S+)$`);

/**
 * The text format 0.0.4 as its grammar has it; fails at the first line that is not of it. Stricter in
 * two things that Prometheus would forgive: a family says what it is first, and once, and no two of
 * its samples have the same labels.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): ParsedFamily[] {
  expect(text.endsWith('\n')).toBe(true);
  const families: (ParsedFamily & { readonly samples: ParsedSample[] })[] = [];
  const lines = text.slice(0, -1).split('\n');
  for (let at = 0; at < lines.length;) {
    const [, name, help] = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(lines[at]!) ?? [];
    const [, typed, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(lines[at + 1]!) ?? [];
    if (name === undefined || help === undefined || type === undefined || name !== typed) {
      expect.fail(`not the beginning of a family: ${lines[at]}`);
    }
    expect(families.map((family) => family.name)).not.toContain(name);
    const samples: ParsedSample[] = [];
    for (at += 2; at < lines.length && !lines[at]!.startsWith('#'); at += 1) {
      samples.push(parseSample(lines[at]!, name, type));
    }
    const series = samples.map((sample) => `${sample.name} ${JSON.stringify(sample.labels)}`);
    expect(new Set(series).size).toBe(series.length);
    families.push({ name, type, help, samples });
  }
  return families;
}

function parseSample(line: string, family: string, type: string): ParsedSample {
  const match = SAMPLE.exec(line);
  if (match === null) expect.fail(`not a sample: ${line}`);
  const [, name, labels = '', number] = match;
  const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  expect(parts.map((part) => family + part)).toContain(name);
  const value = Number(number);
  expect(value).not.toBeNaN();
  return { name: name!, labels: parseLabels(labels), value };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [pair] of text.matchAll(new RegExp(PAIR, 'g'))) {
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('"') + 1, -1)];
    expect(labels).not.toHaveProperty(name);
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) =>
      escaped === 'n' ? '\n' : escaped,
    );
  }
  return labels;
}
