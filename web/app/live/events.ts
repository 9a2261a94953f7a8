/** The stream of `GET /events`: which lists of the org have changed. It is read by `fetch`, because the token goes in a header. */

import { API, accessToken, refusal, renew } from '../api/access';

export interface Changed {
  lists: string[];
}

/** Milliseconds until the stream has to be open. */
const OPENING = 15_000;
/** Milliseconds without a byte, heartbeats of 15 s included, after which the connection is taken for dead. */
const SILENCE = 40_000;

/**
 * Reads one stream until it ends, falls silent, or is given up by `dead`. Calls `heard` for each event, and `begun` once it is open.
 * Answers the last event's id.
 */
export async function listen(
  dead: AbortController,
  last: string | null,
  begun: () => void,
  heard: (changed: Changed) => void,
): Promise<string | null> {
  const late = setTimeout(() => { dead.abort(); }, OPENING);
  const response = await connect(last, dead.signal).finally(() => { clearTimeout(late); });
  if (response.status === 401) {
    await renew();
    return last;
  }
  if (!response.ok || response.body === null) throw await refusal(response);
  begun();
  let id = last;
  for await (const event of events(response.body, watch(dead))) {
    id = event.id ?? id;
    if (event.data !== '') heard(JSON.parse(event.data) as Changed);
  }
  return id;
}

async function connect(last: string | null, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ authorization: `Bearer ${await accessToken()}`, accept: 'text/event-stream' });
  if (last !== null) headers.set('last-event-id', last);
  return fetch(`${API}/api/v1/events?max_seconds=3600`, { headers, signal });
}

/** Gives the connection up unless it is called again in time. */
function watch(dead: AbortController): (ended?: boolean) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (ended = false) => {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(() => { dead.abort(); }, SILENCE);
  };
}

interface ServerSentEvent {
  id: string | null;
  data: string;
}

/**
 * Parses what the server sends: fields in lines, events between empty lines, comments as heartbeats. Calls `heard` before it waits
 * for more, and once it has ended with `true`.
 */
export async function* events(
  body: ReadableStream<Uint8Array>,
  heard: (ended?: boolean) => void = () => undefined,
): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      heard();
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield parse(part);
    }
  } finally {
    heard(true);
    reader.releaseLock();
  }
}

function parse(part: string): ServerSentEvent {
  const event: ServerSentEvent = { id: null, data: '' };
  for (const line of part.split('\n')) {
    const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'id') event.id = value ?? null;
    if (field === 'data') event.data += value ?? '';
  }
  return event;
}
