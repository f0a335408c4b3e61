/** What a proxy puts before the paths of the service: of `https://example.com/crm/` it is `/crm`. */
export function publicPath(publicUrl?: string): string {
  return publicUrl ? new URL(publicUrl).pathname.replace(/\/+$/, '') : '';
}

/** Where the paths of the OpenAPI document begin. */
export function serverUrl(publicUrl?: string): string {
  return publicUrl ? new URL(publicUrl).origin + publicPath(publicUrl) : '/';
}
