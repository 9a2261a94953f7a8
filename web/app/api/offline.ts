/** Whether this machine has no network. A browser says so too when the server is on the machine itself, which needs none. */
export function isOffline(hasNetwork: boolean, host: string): boolean {
  return !hasNetwork && !/^(localhost|127\..*|\[::1\]|.*\.localhost)$/.test(host);
}
