declare module '@koa/cors' {
  import type Koa from 'koa';

  /** Middleware that answers cross-origin requests; `origin` gives the allowed origin or an empty text for none. */
  function cors(options: {
    origin(context: Koa.Context): string;
    allowMethods: readonly string[];
    allowHeaders: readonly string[];
    exposeHeaders: readonly string[];
    maxAge: number;
  }): Koa.Middleware;
  export = cors;
}
