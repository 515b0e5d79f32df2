import { describeMs } from '../quantities/describe.ts';
import type { OpenTransaction } from './source-database.ts';

/** Whose it is, and the statement that ends it. */
export function describeTransaction(transaction: OpenTransaction): string {
  const { kind, id, role, database, application, ageMs } = transaction;
  const whose = `of ${role === '' ? 'the server' : role} in ${database === '' ? 'no database' : database}`;
  const literal = `'${id.replaceAll("'", "''")}'`;
  return kind === 'prepared'
    ? `prepared transaction ${literal} ${whose}, ${describeMs(ageMs)} old (commit prepared ${literal} or rollback prepared ${literal})`
    : `transaction of process ${id} ${whose}${application === '' ? '' : ` (${application})`}, ${describeMs(ageMs)} old (select pg_terminate_backend(${id}))`;
}
