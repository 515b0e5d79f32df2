export { createReceiver, type ReceiverOptions } from './create-receiver.ts';
export { type Claim, type DedupeStore, once } from './dedupe-store.ts';
export type {
  DeleteEvent,
  InsertEvent,
  LogicalMessageEvent,
  OutboxEvent,
  ReadEvent,
  Row,
  TruncateEvent,
  UpdateEvent,
  WalhookEvent,
} from './event.ts';
export type { Handling } from './handle-events.ts';
export type { HeaderSource } from './header-source.ts';
export type { Ordering } from './left-behind.ts';
export type { JsonValue, LargeIntegers } from './lossless-json.ts';
export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export { type BatchOrigin, parse, type ParsedRequest, type ParseOptions } from './parse.ts';
export { nodeListener, type NodeRequest, type NodeResponse } from './node-listener.ts';
export type { RawBody } from './raw-body.ts';
export { ReceiverError, type ReceiverErrorCode } from './receiver-error.ts';
export { type SignedRequest, type Verified, verify, type VerifyOptions } from './verify.ts';
