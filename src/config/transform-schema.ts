import type { TransformFunction } from '../routing/transform.ts';
import { functionOption, functionWants } from './function-option.ts';

export const transform = functionOption<TransformFunction>({
  what: 'Is given each event that the filter wants, and gives what is sent of it; null drops it. It may be asynchronous; an event that it throws on is refused.',
  wants: functionWants,
}).optional();
