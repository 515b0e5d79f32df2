import type { TextFault } from './option-notes.ts';

/** NAMEDATALEN - 1: Postgres cuts a longer identifier short without an error. */
const maxIdentifierBytes = 63;

const encoder = new TextEncoder();

export const identifierWants = `a Postgres identifier of 1 to ${maxIdentifierBytes} bytes`;

export function isIdentifier(name: string): boolean {
  const bytes = encoder.encode(name).length;
  return bytes >= 1 && bytes <= maxIdentifierBytes && !name.includes('\0');
}

export const identifierFault: TextFault = (name) => (isIdentifier(name) ? null : identifierWants);

/** A schema that may be created: Postgres keeps `pg_…` and `information_schema` to itself. */
export const ownSchemaFault: TextFault = (name) => {
  if (!isIdentifier(name)) return identifierWants;
  return name.startsWith('pg_') || name === 'information_schema'
    ? 'a schema that is not one of the system (pg_…, information_schema)'
    : null;
};
