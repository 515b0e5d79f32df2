import { ConfigError } from '../config/config-error.ts';
import { type Environment, readVariable } from '../config/environment-variables.ts';
import { type LogLevel, logLevels } from '../observability/log.ts';

const VARIABLE = 'WALHOOK_LOG_LEVEL';

/**
 * How much a function or a worker logs; the command line has an option for it.
 * @throws ConfigError for a level that there is not
 */
export function logLevelOf(variables: Environment): LogLevel {
  const given = readVariable(variables, VARIABLE) ?? 'info';
  const level = logLevels.find((each) => each === given);
  if (level !== undefined) return level;
  throw new ConfigError([
    { path: '', variable: VARIABLE, got: given, wants: logLevels.join(', ') },
  ]);
}
