import ts from 'typescript';

/** Most lines of one function. */
export const MAX_FUNCTION_LINES = 70;
/** Most lines of a source file. */
export const MAX_FILE_LINES = 300;
/** Most lines of a test file. */
export const MAX_TEST_LINES = 400;

/** A breach of a law, with the place it is at. */
export type Breach = string;

const place = (file: ts.SourceFile, node: ts.Node): string => {
  const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
  return `${file.fileName}:${line + 1}`;
};

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** Whether a function is the body of `describe` or of the suite factory that holds it: a list of tests, no logic. */
function isSuite(node: ts.Node, file: ts.SourceFile): boolean {
  const call = node.parent;
  if (ts.isCallExpression(call)) return /^(describe|context)$/.test(call.expression.getText(file));
  return ts.isFunctionDeclaration(node) && /^describe[A-Z]/.test(node.name?.text ?? '');
}

/** Functions that are longer than {@link MAX_FUNCTION_LINES}. */
export function longFunctions(file: ts.SourceFile): Breach[] {
  const breaches: Breach[] = [];
  walk(file, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined || isSuite(node, file))
      return;
    const start = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
    const end = file.getLineAndCharacterOfPosition(node.getEnd()).line;
    const lines = end - start + 1;
    if (lines > MAX_FUNCTION_LINES) breaches.push(`${place(file, node)} is ${lines} lines long`);
  });
  return breaches;
}

/** Exports without a name of their own. */
export function defaultExports(file: ts.SourceFile): Breach[] {
  return file.statements
    .filter(
      (statement) =>
        ts.isExportAssignment(statement) ||
        (ts.canHaveModifiers(statement) &&
          ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)),
    )
    .map((statement) => `${place(file, statement)} is a default export`);
}

/** Files that only pass on what others export. */
export function barrels(file: ts.SourceFile): Breach[] {
  const passes = file.statements.filter(
    (statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier,
  );
  return passes.length > 0 && passes.length === file.statements.length
    ? [`${file.fileName} is a barrel`]
    : [];
}

/** Reads of the outside world's time, chance and environment, each allowed only where the house says. */
export function ambientReads(file: ts.SourceFile): Breach[] {
  const breaches: Breach[] = [];
  const isSystem = SYSTEM_DOORS.some((door) => file.fileName.startsWith(door));
  const isConfig = file.fileName === 'src/main/config.ts';
  walk(file, (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      const text = node.getText(file);
      if (text === 'process.env' && !isConfig) breaches.push(`${place(file, node)} reads process.env`);
      if (/^(Date\.now|Math\.random|crypto\.randomUUID)$/.test(text) && !isSystem) {
        breaches.push(`${place(file, node)} calls ${text}`);
      }
    }
    const bareDate =
      ts.isNewExpression(node) && node.expression.getText(file) === 'Date' && !node.arguments?.length;
    if (bareDate && !isSystem) breaches.push(`${place(file, node)} reads the system's time`);
  });
  return breaches;
}

/** Where time and chance may be read: the server's one room, the page's, and the client's. */
const SYSTEM_DOORS = [
  'src/adapters/outbound/system/',
  'src/adapters/inbound/web/browser/platform/',
  'src/client/platform/',
];

const COMPARES =
  /(?:\.deep\.(?:equal|eq|equals|include|members)|\.eql|deepStrictEqual|deepEqual|structuredClone|JSON\.stringify|postMessage)$/;

/** Comparisons and copies of an entity itself: they see nothing of a private `#state`, so such a test cannot fail. */
export function entityComparisons(file: ts.SourceFile, checker: ts.TypeChecker): Breach[] {
  const breaches: Breach[] = [];
  const isEntity = (node: ts.Node): boolean => {
    const symbol = checker.getTypeAtLocation(node).getSymbol();
    return (symbol?.declarations ?? []).some(
      (declaration) =>
        ts.isClassDeclaration(declaration) &&
        declaration.getSourceFile().fileName.includes('/src/domain/') &&
        declaration.members.some((member) => member.name?.getText() === '#state'),
    );
  };
  walk(file, (node) => {
    if (!ts.isCallExpression(node) || !COMPARES.test(node.expression.getText(file))) return;
    const compared: ts.Node[] = [...node.arguments];
    walk(node.expression, (part) => {
      if (ts.isCallExpression(part) && part.expression.getText(file) === 'expect')
        compared.push(...part.arguments);
    });
    if (compared.some(isEntity))
      breaches.push(`${place(file, node)} compares or copies an entity instead of its snapshot()`);
  });
  return breaches;
}

/**
 * Files that start the command in processes of their own and do not say in which environment: it would serve from, or
 * look at, the servers that the tests themselves have.
 */
export function unshieldedCommands(file: ts.SourceFile): Breach[] {
  const startsIt = /\(\s*process\.execPath,/.test(file.text) && /bin\/holdfast\.js/.test(file.text);
  return startsIt && !file.text.includes('childEnvironment(')
    ? [`${file.fileName} starts the command without childEnvironment()`]
    : [];
}
