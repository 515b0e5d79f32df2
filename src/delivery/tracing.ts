import { randomTraceparent } from './traceparent.ts';

/** What a span is about. Names, ids and counts: no row, no body, no URL. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** A piece of work in a trace. */
export interface Span {
  /** For a request that is this piece of work. @see https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent: string;
  /** A part of it. client: a request to somebody else. */
  child(name: string, attributes: SpanAttributes, kind?: 'internal' | 'client'): Span;
  /** To be called once. `failure`: why it failed; null: it did not. */
  end(attributes: SpanAttributes, failure: string | null): void;
}

/** Begins a trace, or goes on with the one that is active where it is called. */
export type StartSpan = (name: string, attributes: SpanAttributes) => Span;

/** While nobody collects traces: a trace of its own for whoever asks for one. */
class UntracedSpan implements Span {
  #traceparent: string | null = null;

  get traceparent(): string {
    this.#traceparent ??= randomTraceparent();
    return this.#traceparent;
  }

  child(): Span {
    return new UntracedSpan();
  }

  end(): void {}
}

export const untraced: StartSpan = () => new UntracedSpan();
