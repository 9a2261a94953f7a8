/** Whom an access token is of: account and org. Its signature is the server's business; two are only compared. */
export function ownerOf(token: string): string {
  const claims = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
  const { sub, org } = JSON.parse(atob(claims)) as { sub: string; org: string };
  return `${sub} ${org}`;
}
