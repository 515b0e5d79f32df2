import { readFileSync } from 'node:fs';
import type { ProtocolVersion } from '../../src/pgoutput/decoder.ts';

/** What scripts/capture-fixtures.mjs wrote down of one server. */
export type CapturedServer = {
  readonly server: string;
  readonly facts: {
    /** Transaction ids, by the scenario's name for the transaction. */
    readonly xids: Readonly<Record<string, number>>;
    /** OIDs from pg_class and pg_type, by schema-qualified name. */
    readonly relations: Readonly<Record<string, number>>;
    readonly types: Readonly<Record<string, number>>;
    /** pg_xact_commit_timestamp, printed by the server. */
    readonly committedAt: Readonly<Record<string, string>>;
  };
  readonly captures: readonly Capture[];
};

export type Capture = {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  /** lsn, xid and data (as hex) of the peek function's rows. */
  readonly rows: readonly (readonly [string, number, string])[];
};

export const MAJOR_VERSIONS = [14, 15, 16, 17, 18] as const;

export type MajorVersion = (typeof MAJOR_VERSIONS)[number];

export function readCaptures(majorVersion: MajorVersion): CapturedServer {
  const file = new URL(`../fixtures/pgoutput/pg${majorVersion}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as CapturedServer;
}

export function findCapture(server: CapturedServer, name: string): Capture {
  const capture = server.captures.find((candidate) => candidate.name === name);
  if (capture === undefined) throw new Error(`server ${server.server} has no capture ${name}`);
  return capture;
}

export function protocolVersionOf(capture: Capture): ProtocolVersion {
  return Number(capture.options['proto_version']) as ProtocolVersion;
}
