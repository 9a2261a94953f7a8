/** Calls of the API, typed by its OpenAPI document. Stores use it; components do not. */

import createClient, { type Middleware } from 'openapi-fetch';
import { API, accessToken, refusal, renew, send } from './access';
import { Refused } from './refused';
import type { paths } from './schema';

/** Signed in: every call carries the token, and is made once more with a new one when that has expired. */
async function authorised(request: Request): Promise<Response> {
  const again = request.clone();
  request.headers.set('authorization', `Bearer ${await accessToken()}`);
  const response = await send(request);
  if (response.status !== 401) return response;
  const { access_token } = await renew();
  again.headers.set('authorization', `Bearer ${access_token}`);
  return send(again);
}

/** An answer that is no success is thrown; 304 is an answer. */
const refusals: Middleware = {
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await refusal(response);
  },
};

const options = { baseUrl: API, querySerializer: { array: { style: 'form', explode: true } } } as const;

export const api = createClient<paths>({ ...options, fetch: authorised });
/** For calls that need no session. */
export const open = createClient<paths>({ ...options, fetch: send });
api.use(refusals);
open.use(refusals);

/** The data of an answer. The middleware has thrown every answer without. */
export function data<T>(answer: { data?: T | undefined }): T {
  if (answer.data === undefined) throw new Error('an answer without data');
  return answer.data;
}

/** A new `Idempotency-Key`: a call that is sent again under it is done once. `randomUUID` is missing on plain http. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The page after one, by its `Link` header. */
function nextCursor(response: Response): string | null {
  const link = /<([^>]+)>;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
  return link === undefined ? null : new URL(link, API).searchParams.get('cursor');
}

/** All pages of a list, at most `most` items. */
export async function allPages<T>(
  page: (cursor: string | undefined) => Promise<{ data?: T[] | undefined; response: Response }>,
  most = 5000,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const answer = await page(cursor);
    items.push(...data(answer));
    cursor = nextCursor(answer.response) ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}

export { Refused };
