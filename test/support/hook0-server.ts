import {
  checkEvent,
  checkName,
  checkPayload,
  type Fields,
  Hook0Problem,
  type IngestedEvent,
  type ProblemId,
  readBody,
} from './hook0-rules.ts';
import { type Answer, type ReceivedRequest, startReceiver } from './receiver.ts';

export type Hook0Application = {
  readonly id: string;
  readonly token: string;
  /** What the token may do besides sending events. */
  readonly may?: readonly ('read' | 'register')[];
};

export type Hook0Options = {
  readonly applications: readonly Hook0Application[];
  readonly eventsPerDay?: number;
  readonly eventTypesPerApplication?: number;
  /** Requests of a token at once; then it is told to wait, until `refill`. */
  readonly burst?: number;
};

type GivenAnswer = 'reset' | 'hang' | Extract<Answer, { readonly status: number }>;

/** What happens instead: a problem, any other answer, or the request is served and its answer lost. */
export type Interruption = ProblemId | GivenAnswer | 'lost';

type Interrupt = (call: string, nth: number, body: string) => Interruption | undefined;

const uninterrupted: Interrupt = () => undefined;

export type Hook0Server = {
  /** Without `/api/v1`. */
  readonly url: string;
  /** As they were accepted. */
  readonly events: readonly IngestedEvent[];
  /** Method, path and status of each request, in their order. */
  readonly calls: readonly string[];
  /** The bodies of all requests that carried an event. */
  readonly sent: readonly Fields[];
  /** Those that are active. */
  eventTypes(applicationId: string): string[];
  register(applicationId: string, eventType: string): void;
  forget(applicationId: string, eventType: string): void;
  /** As a person does in its dashboard: it is listed no more, and its events are taken all the same. */
  deactivate(applicationId: string, eventType: string): void;
  /** Asked of each request before it is served. */
  interrupt(by: Interrupt): void;
  /** A token may send as many requests at once again. */
  refill(): void;
};

/** Hook0's API as far as a producer meets it, with every rule and limit that it enforces. */
export async function startHook0Server(options: Hook0Options): Promise<Hook0Server> {
  const { applications, burst = Infinity, eventsPerDay = Infinity } = options;
  const { eventTypesPerApplication = Infinity } = options;
  const events: IngestedEvent[] = [];
  const ids = new Set<string>();
  const calls: string[] = [];
  const sent: Fields[] = [];
  /** Whether they are active, by name. */
  const types = new Map(applications.map(({ id }) => [id, new Map<string, boolean>()]));
  let spent = 0;
  let interruption: Interrupt = uninterrupted;

  function authorized(request: ReceivedRequest): Hook0Application {
    const { authorization } = request.headers;
    if (authorization === undefined) throw new Hook0Problem('AuthNoAuthorizationHeader', '');
    const token = /^Bearer (\S+)$/.exec(authorization)?.[1];
    if (token === undefined) throw new Hook0Problem('AuthInvalidAuthorizationHeader', '');
    const application = applications.find((each) => each.token === token);
    if (application === undefined) throw new Hook0Problem('AuthInvalidBiscuit', 'Invalid token.');
    spent += 1;
    if (spent > burst) throw new Hook0Problem('RateLimited', 'Too many requests.', '1');
    return application;
  }

  function ingest(request: ReceivedRequest, application: Hook0Application): GivenAnswer {
    const fields = readBody(request.body, request.headers['content-type']);
    sent.push(fields);
    const event = checkEvent(fields);
    if (event.application_id !== application.id) throw new Hook0Problem('Forbidden', '');
    if (events.length >= eventsPerDay) throw new Hook0Problem('TooManyEventsToday', 'Quota.');
    checkPayload(event);
    if (!types.get(application.id)!.has(event.event_type)) {
      throw new Hook0Problem('EventTypeDoesNotExist', event.event_type);
    }
    // The key is the id alone, whatever the application.
    const id = event.event_id.toLowerCase();
    if (ids.has(id)) throw new Hook0Problem('EventAlreadyIngested', id);
    ids.add(id);
    events.push(event);
    const { application_id, event_id } = event;
    return json(201, { application_id, event_id, received_at: new Date().toISOString() });
  }

  function read(request: ReceivedRequest, application: Hook0Application): GivenAnswer {
    const { pathname, searchParams } = new URL(request.path, 'http://hook0');
    if (searchParams.get('application_id') !== application.id || !allows(application, 'read')) {
      throw new Hook0Problem('Forbidden', 'Not enough rights.');
    }
    const id = pathname.split('/').at(-1)!.toLowerCase();
    const event = events.find(({ event_id }) => event_id.toLowerCase() === id);
    if (event?.application_id !== application.id) throw new Hook0Problem('NotFound', id);
    const { event_id, event_type, payload, ...others } = event;
    const encoded = Buffer.from(payload).toString('base64');
    return json(200, { event_id, event_type_name: event_type, payload: encoded, ...others });
  }

  function register(request: ReceivedRequest, application: Hook0Application): GivenAnswer {
    const fields = readBody(request.body, request.headers['content-type']);
    if (fields['application_id'] !== application.id || !allows(application, 'register')) {
      throw new Hook0Problem('Forbidden', 'Not enough rights.');
    }
    const parts = ['service', 'resource_type', 'verb'].map((name) => String(fields[name] ?? ''));
    for (const part of parts) checkName('event type', part, 50);
    const known = types.get(application.id)!;
    if (known.size >= eventTypesPerApplication) {
      throw new Hook0Problem('TooManyEventTypesPerApplication', 'Upgrade to a better plan.');
    }
    known.set(parts.join('.'), true);
    return json(201, described(parts.join('.')));
  }

  function serve(request: ReceivedRequest): GivenAnswer {
    const application = authorized(request);
    switch (callOf(request)) {
      case 'POST /api/v1/event':
        return ingest(request, application);
      case 'GET /api/v1/events/{id}':
        return read(request, application);
      case 'POST /api/v1/event_types':
        return register(request, application);
      default:
        throw new Hook0Problem('NotFound', request.path);
    }
  }

  function answer(request: ReceivedRequest, nth: number): GivenAnswer {
    const instead = interruption(callOf(request), nth, request.body.toString());
    try {
      if (instead === 'lost') {
        serve(request);
        return 'reset';
      }
      if (instead === 'reset' || instead === 'hang' || typeof instead === 'object') return instead;
      if (instead !== undefined)
        throw new Hook0Problem(instead, 'Interrupted.', retryAfter(instead));
      return serve(request);
    } catch (error) {
      if (error instanceof Hook0Problem) return error.answer;
      throw error;
    }
  }

  const receiver = await startReceiver((request, nth) => {
    const given = answer(request, nth);
    calls.push(`${callOf(request)} ${typeof given === 'object' ? given.status : String(given)}`);
    return given;
  });
  return {
    url: receiver.url.replace(/\/$/, ''),
    events,
    calls,
    sent,
    eventTypes: (id) =>
      [...(types.get(id) ?? [])].filter(([, active]) => active).map(([type]) => type),
    register: (id, type) => void types.get(id)!.set(type, true),
    forget: (id, type) => void types.get(id)!.delete(type),
    deactivate: (id, type) => void types.get(id)!.set(type, false),
    interrupt: (by) => void (interruption = by),
    refill: () => void (spent = 0),
  };
}

function callOf({ method, path }: ReceivedRequest): string {
  return `${method} ${path.split('?')[0]!.replace(/(?<=\/events?\/)[\da-f-]{36}$/i, '{id}')}`;
}

function allows({ may = ['read', 'register'] }: Hook0Application, right: 'read' | 'register') {
  return may.includes(right);
}

function described(name: string) {
  const [service_name, resource_type_name, verb_name] = name.split('.');
  return { service_name, resource_type_name, verb_name, event_type_name: name };
}

function retryAfter(id: ProblemId): string | undefined {
  return id === 'RateLimited' || id === 'ServiceUnavailable' ? '1' : undefined;
}

function json(status: number, body: unknown): GivenAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
