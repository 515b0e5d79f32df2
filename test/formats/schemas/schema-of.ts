import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

/** What is wrong with a value by a format's schema in this folder; nothing where it is right. */
export function schemaOf(format: string): (value: unknown) => ErrorObject[] {
  const file = new URL(`${format}.schema.json`, import.meta.url);
  const validate = new Ajv2020({ allErrors: true, strict: true }).compile(
    JSON.parse(readFileSync(file, 'utf8')) as object,
  );
  return (value) => (validate(value) ? [] : (validate.errors ?? []));
}
