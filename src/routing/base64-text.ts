import { JsonWriter } from '../changes/json-writer.ts';
import { writeBase64 } from '../changes/values/base64.ts';

export function base64(bytes: Uint8Array): string {
  const out = new JsonWriter(Math.ceil(bytes.length / 3) * 4 + 2);
  writeBase64(bytes, out);
  return out.text().slice(1, -1);
}

/** null where the text is no base64. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
