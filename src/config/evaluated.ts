import { writeSync } from 'node:fs';
import type { Environment } from './environment-variables.ts';
import { visibleLine } from '../quantities/visible-text.ts';
import { messageOf, strangersMessage } from './strangers-error.ts';

/** Whoever asks a secret store is through with it by then. */
const LONGEST_MS = 60_000;

/** What became of code of the operator's that gave no configuration. Holds no secret. */
export class FailedEvaluation extends Error {
  override readonly name = 'FailedEvaluation';
}

/**
 * What a module of the operator's comes to. It may throw here or later, never settle, or end the whole
 * process: each is said, with all that may be secret masked. Throws FailedEvaluation.
 */
export async function evaluated<T>(
  file: string,
  variables: Environment,
  evaluate: () => Promise<T>,
): Promise<T> {
  const watch = new Watch(file, variables);
  try {
    return await Promise.race([evaluate(), watch.broken]);
  } catch (error) {
    throw error instanceof FailedEvaluation ? error : failure(error, variables);
  } finally {
    watch.end();
  }
}

/** Looks out for what no promise tells: an error of nobody's, an end of everything. */
class Watch {
  readonly broken: Promise<never>;
  readonly #file: string;
  readonly #variables: Environment;
  readonly #timer: NodeJS.Timeout;
  #reject: (error: FailedEvaluation) => void = () => undefined;

  constructor(file: string, variables: Environment) {
    this.#file = file;
    this.#variables = variables;
    this.broken = new Promise<never>((_, reject) => (this.#reject = reject));
    // Unlike the timer this comes as soon as nothing is left that could be waited for.
    process.once('beforeExit', this.#settlesNever);
    process.on('uncaughtException', this.#threw);
    process.on('unhandledRejection', this.#threw);
    process.once('exit', this.#exits);
    this.#timer = setTimeout(this.#settlesNever, LONGEST_MS).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    process.off('beforeExit', this.#settlesNever);
    process.off('uncaughtException', this.#threw);
    process.off('unhandledRejection', this.#threw);
    process.off('exit', this.#exits);
  }

  readonly #settlesNever = (): void =>
    this.#reject(new FailedEvaluation('a promise that never settles'));

  readonly #threw = (error: unknown): void => this.#reject(failure(error, this.#variables));

  readonly #exits = (code: number): void => {
    process.exitCode = code === 0 ? 2 : code;
    const file = JSON.stringify(this.#file);
    writeSync(
      2,
      visibleLine(`error: the configuration (${file}) ends the process, with ${code}`) + '\n',
    );
  };
}

function failure(error: unknown, variables: Environment): FailedEvaluation {
  const kind = /(Syntax|Parse)Error/.test(nameOf(error))
    ? 'a syntax error'
    : 'an error while it ran';
  const said = strangersMessage(error, variables).replaceAll(/\s+/g, ' ');
  return new FailedEvaluation(`${kind}: ${said}`, { cause: withoutSecrets(error, variables) });
}

/** For the log at level debug: where it was thrown, in words that may be shown. */
function withoutSecrets(error: unknown, variables: Environment): Error {
  const shown = new Error(strangersMessage(error, variables));
  if (error instanceof Error && typeof error.stack === 'string') {
    shown.stack = strangersMessage(error.stack, variables);
  }
  return shown;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name} ${messageOf(error)}` : messageOf(error);
}
