/**
 * The access token: in memory only, renewed by the session's cookie, which no script can read. The session (`session/`)
 * is told when the cookie opens nothing any more, or another org than this page shows.
 */

import { Refused, Unreachable } from './refused';
import type { Problem } from './types';

/** Below the folder that the application is in. */
export const API = new URL('../', document.baseURI).href.replace(/\/$/, '');

interface Token {
  access_token: string;
  org_id: string;
}

let token: Token | null = null;
let renewing: Promise<Token> | null = null;
let onLost: () => void = () => undefined;

/** What happens when the session has ended, or acts in another org. */
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
  const before = token?.org_id;
  try {
    const next = await renewing;
    token = next;
    if (before !== undefined && before !== next.org_id) onLost();
    return next;
  } catch (error) {
    if (error instanceof Refused && error.is('unauthenticated') && before !== undefined) onLost();
    throw error;
  }
}

async function ask(): Promise<Token> {
  const response = await send(new Request(`${API}/api/v1/auth/refresh`, { method: 'POST' }));
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Token;
}

/** `fetch`, whose failures are told apart from answers. */
export async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new Unreachable();
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
