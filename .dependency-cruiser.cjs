const adr = (number) => `See docs/adr/${number}.`;
const layers = '0001-hexagonal-layers.md';
const client = '0037-the-client-shares-nothing-with-the-server.md';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'domain-is-pure',
      comment: `The domain imports only the domain: no package, no node module, no other layer. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'application-knows-no-adapter',
      comment: `The application imports the domain and itself. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/application/' },
      to: { pathNot: '^src/(domain|application)/' },
    },
    {
      name: 'inbound-asks-the-application',
      comment: `An inbound adapter imports the application, domain types and itself; commands the client too. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/adapters/inbound/' },
      to: { path: '^src/', pathNot: '^src/(domain|application|adapters/inbound|client)/' },
    },
    {
      name: 'outbound-serves-ports',
      comment: `An outbound adapter imports ports, the domain and itself. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/adapters/outbound/' },
      to: { path: '^src/', pathNot: '^src/(domain|application/ports|adapters/outbound)/' },
    },
    {
      name: 'adapters-never-import-each-other',
      comment: `What two adapters share belongs in the domain, a port or main. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/adapters/(inbound|outbound)/([^/]+)/' },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/$1/$2/' },
    },
    {
      name: 'browser-code-is-alone',
      comment: `Browsers get these files as they are: no package, no node module, no other room. ${adr('0023-the-page-is-plain-modules.md')}`,
      severity: 'error',
      from: { path: '^src/adapters/inbound/web/browser/' },
      to: { pathNot: '^src/adapters/inbound/web/browser/' },
    },
    {
      name: 'browser-code-stays-in-browsers',
      comment: `The server hands these files out and never runs them. ${adr('0023-the-page-is-plain-modules.md')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/adapters/inbound/web/browser/' },
      to: { path: '^src/adapters/inbound/web/browser/' },
    },
    {
      name: 'the-client-is-alone',
      comment: `Programs and pages of others run the client: no package, no node module, nothing of the server. ${adr(client)}`,
      severity: 'error',
      from: { path: '^src/client/' },
      to: { pathNot: '^src/client/' },
    },
    {
      name: 'the-server-needs-no-client',
      comment: `Only commands talk to a server as its clients do. ${adr(client)}`,
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(client|adapters/inbound/cli)/' },
      to: { path: '^src/client/' },
    },
    {
      name: 'only-main-composes',
      comment: `Only main sees the container. ${adr('0002-composition-without-decorators.md')}`,
      severity: 'error',
      from: { path: '^(src|test)/', pathNot: '^(src/main|test/main)/' },
      to: { path: 'node_modules/(inversify|reflect-metadata)/' },
    },
    {
      name: 'nothing-imports-main',
      comment: `Main is the last to know and the first to start. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main/' },
      to: { path: '^src/main/' },
    },
    {
      name: 'no-cycles',
      comment: `A cycle hides which part is the base. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-test-code-in-the-product',
      comment: `Sources never import tests. ${adr(layers)}`,
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
