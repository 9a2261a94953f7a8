/**
 * The access token: in memory only, renewed by the session's cookie, which no script can read. The session (`session/`)
 * is told when the cookie opens nothing any more, or is of another account or org than this page shows.
 */

import { ownerOf } from './owner';
import { Refused, Unreachable } from './refused';
import type { Problem } from './types';

/** Below the folder that the application is in. */
export const API = new URL('../', document.baseURI).href.replace(/\/$/, '');

/** Milliseconds until an answer has to be there, whole: a phone that has lost its network notices much later. */
const LONGEST = 60_000;

interface Token {
  access_token: string;
}

let token: Token | null = null;
let renewing: Promise<Token> | null = null;
let onLost: () => void = () => undefined;

/** What happens when the session has ended, or is of another account or org. */
export function whenLost(act: () => void): void {
  onLost = act;
}

/** The token of who has just signed in or changed the org. */
export function useToken(next: Token | null): void {
  token = next;
}

/** A token to send; renewed first when there is none yet. */
export async function accessToken(): Promise<string> {
  return (token ?? (await renew())).access_token;
}

/** Asks for a new token by the cookie; calls that come meanwhile wait for the same one. */
export async function renew(): Promise<Token> {
  renewing ??= ask().finally(() => {
    renewing = null;
  });
  const before = token;
  try {
    const next = await renewing;
    if (before !== null && ownerOf(before.access_token) !== ownerOf(next.access_token)) return await lost();
    token = next;
    return next;
  } catch (error) {
    if (error instanceof Refused && error.is('unauthenticated') && before !== null) return lost();
    throw error;
  }
}

/** The page starts again, and nothing that it was doing goes on: a call of one org is not sent in another. */
async function lost(): Promise<never> {
  onLost();
  return new Promise(() => undefined);
}

async function ask(): Promise<Token> {
  const response = await send(new Request(`${API}/api/v1/auth/refresh`, { method: 'POST' }));
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Token;
}

/** `fetch`, whose failures are told apart from answers: an answer that breaks off is none. */
export async function send(request: Request): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => { late.abort(); }, LONGEST);
  try {
    const response = await fetch(request, { signal: late.signal });
    const body = await response.arrayBuffer();
    return new Response(body.byteLength === 0 ? null : body, response);
  } catch {
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
  }
}

/** The problem that an answer describes; a proxy's own answer describes none. */
export async function refusal(response: Response): Promise<Refused | Unreachable> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return new Unreachable();
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  try {
    return new Refused((await response.json()) as Problem, Number.isFinite(wait) ? wait : null);
  } catch {
    return new Unreachable();
  }
}
