import { columns } from './columns-schema.ts';
import { filter } from './filter-schema.ts';
import { transform } from './transform-schema.ts';

/** Which events an endpoint gets, and what of them. */
export const routingOptions = { filter, columns, transform };
