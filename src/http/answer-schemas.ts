import { z } from 'zod';

/** The answers by their names in the OpenAPI document. */
export const answerSchemas = z.registry<{ readonly id: string }>();
