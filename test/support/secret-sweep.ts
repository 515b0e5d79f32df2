import { MARK } from './secrets.ts';

/** What is looked for. */
const needles = new Set([MARK, ...base64Forms(MARK)]);
const found = new Set<string>();
let pattern = patternOf();

/** A secret without the mark, as of a server that chooses its password itself. */
export function watchFor(secret: string): void {
  needles.add(secret);
  pattern = patternOf();
}

/** To look for them where the text is: what comes back from there is swept. */
export function lookedFor(): readonly string[] {
  return [...needles];
}

/** Looks through what walhook has said at `place`. What it finds fails the test file at its end. */
export function sweep(place: string, said: string | Uint8Array): void {
  const text = typeof said === 'string' ? said : latin1(said);
  const hit = pattern.exec(text);
  if (hit !== null) found.add(`${place}: ${around(text, hit.index, hit[0].length)}`);
}

/** What was found since the last time. */
export function takeFindings(): string[] {
  const findings = [...found];
  found.clear();
  return findings;
}

/** @throws Error that names what was found, and where */
export function failOnFindings(): void {
  const findings = takeFindings();
  if (findings.length > 0) throw new Error(`Secrets were told in\n${findings.join('\n')}`);
}

function patternOf(): RegExp {
  const literals = [...needles].map((text) => text.replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`));
  return new RegExp(literals.join('|'));
}

/** What base64 shows of a text, whatever stands before it: by where in three bytes it begins. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from(' '.repeat(before) + text).toString('base64');
    // The characters that hold bits of the text alone.
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + text.length) * 8) / 6));
  });
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

function around(text: string, at: number, length: number): string {
  return JSON.stringify(text.slice(Math.max(0, at - 80), at + length + 40));
}
