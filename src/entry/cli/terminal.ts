import type { WriteStream } from 'node:tty';
import { visibleLine, visibleText } from '../../quantities/visible-text.ts';

type Stream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** Data on stdout, everything else on stderr, with a line there that can be replaced. */
export class Terminal {
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  #status = '';
  #help = '';
  #whenClosed: 'exit' | 'go-on' = 'exit';

  constructor(stdout: Stream, stderr: Stream) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    stdout.on('error', this.#onStdoutError);
    // Who no longer reads what is said need not be told so.
    stderr.on('error', ignore);
  }

  get isInteractive(): boolean {
    return this.#stderr.isTTY === true;
  }

  /** Of a line of data: a pipe takes whole lines, however long. */
  get width(): number {
    return this.#stdout.columns ?? Infinity;
  }

  /** `walhook peek | head` ends with head; a drain has progress to save before it ends. */
  surviveClosedStdout(): void {
    this.#whenClosed = 'go-on';
  }

  /** A line of data. What is in it of others, like a table's name, ends no line and steers nothing. */
  data(line: string): void {
    this.#stdout.write(`${visibleLine(line)}\n`);
  }

  /** A line for a person, or for a log. */
  say(line: string): void {
    this.#write(visibleLine(line));
  }

  /** Lines of the program's own, in which what is of others is made visible already. */
  sayLines(lines: string): void {
    this.#write(visibleText(lines));
  }

  /** A line that the next one replaces; nothing where nobody watches. */
  status(text: string): void {
    if (!this.isInteractive) return;
    const clearing = this.#clearing();
    this.#status = visibleLine(text).slice(0, (this.#stderr.columns || 80) - 1);
    this.#stderr.write(clearing + this.#status);
  }

  endStatus(): void {
    if (this.#status === '') return;
    this.#stderr.write(this.#clearing());
    this.#status = '';
  }

  /** Keeps help until it is known what it is about. */
  help(text: string): void {
    this.#help += text;
  }

  showHelp(): void {
    this.#stderr.write(this.#help);
    this.#help = '';
  }

  close(): void {
    this.endStatus();
  }

  #write(text: string): void {
    this.#stderr.write(`${this.#clearing()}${text}\n${this.#status}`);
  }

  #clearing(): string {
    return this.#status === '' ? '' : '\r\u001b[2K';
  }

  readonly #onStdoutError = (error: NodeJS.ErrnoException): void => {
    const { code } = error;
    if (code !== 'EPIPE') this.say(`standard output cannot be written (${code ?? error.message})`);
    if (this.#whenClosed === 'go-on') return;
    process.exit(code === 'EPIPE' ? 0 : 1);
  };
}

function ignore(): void {}
