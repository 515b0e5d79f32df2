import type { z } from 'zod';
import { formatPath } from '../config/option-tree.ts';
import { RequestError, type RequestFault } from './request-error.ts';

/** What a request says, before anything of it is believed. */
export type RawInput = {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** undefined: none. */
  readonly body: unknown;
};

export type InputSchemas<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
};

export type Input<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
};

/** Throws request_invalid with everything that is wrong, wherever it stands. */
export function parseInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  schemas: InputSchemas<P, Q, B>,
  raw: RawInput,
): Input<P, Q, B> {
  const repeated = repeatedNames(raw.query);
  const params = schemas.params.safeParse(raw.params, REPORTED);
  const query = schemas.query.safeParse(Object.fromEntries(raw.query), REPORTED);
  const body = schemas.body.safeParse(raw.body === undefined ? {} : raw.body, REPORTED);
  if (params.success && query.success && body.success && repeated.length === 0) {
    return { params: params.data, query: query.data, body: body.data };
  }
  const faults = [
    ...faultsOf('path', params.error?.issues ?? []),
    ...repeated.map((name) => ({
      path: `query.${name}`,
      got: 'several values',
      wants: 'one value',
    })),
    ...faultsOf('query', query.error?.issues ?? []),
    ...faultsOf('body', body.error?.issues ?? []),
  ];
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  throw new RequestError('request_invalid', `the request has ${count}`, { faults });
}

const REPORTED = { reportInput: true };

function repeatedNames(query: URLSearchParams): string[] {
  return [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
}

function faultsOf(place: string, issues: readonly z.core.$ZodIssue[]): RequestFault[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [faultOf(place, issue.path, issue)];
    const wants = 'nothing of this name';
    return issue.keys.map((key) => ({
      path: formatPath([place, ...issue.path, key]),
      got: 'an unknown name',
      wants,
    }));
  });
}

function faultOf(place: string, path: PropertyKey[], issue: z.core.$ZodIssue): RequestFault {
  return {
    path: formatPath([place, ...path]),
    got: issue.input === undefined ? 'nothing' : shown(issue.input),
    wants: isNoObject(issue) ? 'an object' : issue.message,
  };
}

function isNoObject(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'object';
}

const MAX_SHOWN = 80;

/** What is nested is only named: it may nest deeper than any writer of JSON can follow. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
}
