type Header = (name: string) => string | null;

/**
 * What a body is encoded in, outermost first; a transfer coding lies outside a content coding. Where
 * it says nothing, or identity: none. @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4
 */
export function codingsOf(header: Header): readonly string[] {
  const content = header('content-encoding');
  const transfer = header('transfer-encoding');
  if (content === null && (transfer === null || transfer === 'chunked')) return NONE;
  return [...namesIn(content), ...namesIn(transfer)]
    .filter((name) => name !== 'identity' && name !== 'chunked')
    .toReversed();
}

const NONE: readonly string[] = [];

function namesIn(list: string | null): string[] {
  const names = (list ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}

/** Whether these are the beginning of a gzip member (RFC 1952, 2.3.1), labelled as such or not. */
export function looksLikeGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
}

/** `deflate` means zlib's format; some send the bare one. @see RFC 9110, 8.4.1.2 */
export function looksLikeZlib(bytes: Uint8Array): boolean {
  if (bytes.length < 2) return false;
  return (bytes[0]! & 0x0f) === 8 && ((bytes[0]! << 8) | bytes[1]!) % 31 === 0;
}
