import { type Command, InvalidArgumentError, type Option } from 'commander';
import { type Environment, readVariable } from '../../config/environment-variables.ts';
import { WalhookError } from '../../errors/walhook-error.ts';
import { variableOf } from './options.ts';

/**
 * Sets what the command line left open from the environment. An empty variable counts as unset, and
 * a switch can be turned off: commander's own reading of variables does neither. Throws usage.
 */
export function readOptionsFromEnvironment(command: Command, env: Environment): void {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const option of at.options) setFromVariable(at, option, env);
  }
}

function setFromVariable(command: Command, option: Option, env: Environment): void {
  const name = option.attributeName();
  const source = command.getOptionValueSource(name);
  if (name === 'version' || (source !== undefined && source !== 'default')) return;
  const variable = variableOf(option);
  const text = readVariable(env, variable);
  if (text === undefined) return;
  command.setOptionValueWithSource(name, valueOf(option, variable, text), 'env');
}

function valueOf(option: Option, variable: string, text: string): unknown {
  if (option.isBoolean()) {
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    if (/^(false|0|no|off)$/i.test(text)) return false;
    throw invalid(variable, text, 'It has to be true or false.');
  }
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw invalid(variable, text, error.message);
    throw error;
  }
}

function invalid(variable: string, text: string, wants: string): WalhookError {
  return new WalhookError('usage', `${variable} is ${JSON.stringify(text)}. ${wants}`, {
    detail: variable,
  });
}
