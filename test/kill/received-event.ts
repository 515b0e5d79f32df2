import type { Position } from '../../src/changes/position.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

export type Row = Readonly<Record<string, unknown>>;

/** An event as it came: its own text within the body, and what it says. */
export type ReceivedText = { readonly text: string; readonly event: WalhookEvent };

export type WalhookEvent = {
  readonly id: string;
  readonly op: 'insert' | 'update' | 'delete' | 'truncate' | 'message';
  readonly table: string | null;
  readonly key: Row | null;
  readonly before: Row | null;
  readonly after: Row | null;
};

export function readEvents(body: string): ReceivedText[] {
  const parsed = JSON.parse(body) as WalhookEvent | { readonly events: readonly WalhookEvent[] };
  if (!('events' in parsed)) return [{ text: body, event: parsed }];
  const texts = splitObjects(body, body.indexOf('"events":[') + '"events":['.length);
  return parsed.events.map((event, i) => ({ text: texts[i]!, event }));
}

/** The objects of the array whose items begin at `from`, each as its own text. */
function splitObjects(json: string, from: number): string[] {
  const texts: string[] = [];
  let depth = 0;
  let start = from;
  let inString = false;
  for (let at = from; at < json.length && depth >= 0; at++) {
    const character = json[at]!;
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') {
      inString = true;
    } else if (character === '{' || character === '[') {
      if (depth++ === 0) start = at;
    } else if (character === '}' || character === ']') {
      if (--depth === 0) texts.push(json.slice(start, at + 1));
    }
  }
  return texts;
}

export function positionOfId(id: string): Position {
  const [lsn, seq] = id.split('-') as [string, string];
  return { commitLsn: toLsn(BigInt(`0x${lsn}`)), seq: Number.parseInt(seq, 16) };
}
