import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { serveApp } from '../http/served-app.ts';
import { reportIn, type Trigger } from './trigger.ts';

/** By docs/http-api.md. */
export const httpStatuses = {
  caught_up: 'HTTP 200',
  deadline: 'HTTP 202',
  held: 'HTTP 503',
  busy: 'HTTP 409',
  failed: 'HTTP 500',
} as const;

export const httpTrigger: Trigger = {
  name: 'POST /drain',
  says: { ...httpStatuses, config_invalid: 'config_invalid' },
  async start({ env }) {
    const app = await serveApp(parseConfig(null, env).config);
    return {
      async drain() {
        const { status, text } = await app.post('/drain');
        return { said: `HTTP ${status}`, report: reportIn(text) };
      },
      close: () => app.close(),
    };
  },
  // There is no app without a configuration: whoever makes one gets the error.
  refuse(env) {
    try {
      parseConfig(null, env);
    } catch (error) {
      if (error instanceof ConfigError) {
        return Promise.resolve({ said: error.code, told: error.message });
      }
    }
    throw new Error('it was taken');
  },
};
