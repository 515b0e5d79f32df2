import { z } from 'zod';
import type { DeadLetterFilter } from '../drain/state-store.ts';
import {
  deadLetterFilter,
  type DeadLetterSelection,
  isSelective,
} from '../operations/dead-letter-selection.ts';
import { idInput, instantInput, textInput } from './input-schemas.ts';
import { RequestError } from './request-error.ts';

const MAX_NAME = 200;
const MAX_IDS = 1_000;

/** What a query and a body alike may select by. */
export const selection = {
  endpoint: textInput(MAX_NAME).describe('Those of this endpoint.').optional(),
  table: textInput(MAX_NAME)
    .describe('Those of this table: schema.table, or a table of any schema.')
    .optional(),
  reason: textInput(MAX_NAME).describe('Those with this reason, like rejected.').optional(),
  since: instantInput.describe('Those from then on.').optional(),
  until: instantInput.describe('Those before then.').optional(),
};

const idsWant = `a list of 1 to ${MAX_IDS} ids`;

/** What is done to letters is done to those that are named; `all` says that none were forgotten. */
export const chosen = {
  ...selection,
  ids: z.array(idInput, idsWant).min(1, idsWant).max(MAX_IDS, idsWant).optional(),
  all: z.literal(true, 'true').describe('All there are: instead of a selection.').optional(),
};

/** Throws request_invalid where nothing says which: a slip should not mean all of them. */
export function chosenFilter({
  all,
  ...rest
}: DeadLetterSelection & { readonly all?: true | undefined }): DeadLetterFilter {
  const filter = deadLetterFilter(rest);
  const isSelected = isSelective(filter);
  if (isSelected !== (all === true)) return filter;
  const fault = isSelected
    ? { path: 'body.all', got: 'true beside a selection', wants: 'one of both' }
    : { path: 'body', got: 'no selection', wants: 'a selection, or "all": true' };
  throw new RequestError('request_invalid', 'it is not clear which dead letters are meant', {
    faults: [fault],
  });
}
