import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('docs/configuration.md and config.schema.json say what the schema says', async () => {
  const script = fileURLToPath(new URL('../../scripts/generate-config-docs.mjs', import.meta.url));
  const { stderr } = await promisify(execFile)(process.execPath, [script, '--check']);
  expect(stderr).toBe('');
});
