/** A Postgres text cannot hold a null character; an answer that an endpoint gave can. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

export function storableTextOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text);
}
