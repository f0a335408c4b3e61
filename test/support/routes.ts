import type { Service } from './service';

export interface Route {
  method: string;
  /** As the router prints it, with parameters such as `:id`. */
  path: string;
}

/** What the router itself knows, so that no test can forget a route. A HEAD goes with its GET. */
export function routesOf(service: Service): Route[] {
  const tree = service.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false, includeHooks: false });
  const paths: string[] = [];
  return [...tree.matchAll(/^([│├└─ ]*)(\S+) \(([A-Z, ]+)\)$/gm)].flatMap(
    ([, indent = '', part = '', methods = '']) => {
      const depth = indent.length / 4 - 1;
      paths.length = depth;
      paths[depth] = part;
      const path = paths.join('');
      return methods.split(', ').map((method) => ({ method, path }));
    },
  );
}
