import type { Client } from 'pg';

/**
 * What `connect` gives. It has no `query`: statements go by statements.ts, which sees to it that names
 * and settings mean what they should.
 */
export type Connection = Omit<Client, 'query'>;
