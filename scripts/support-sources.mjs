// Where the sources use the constants of nvme-spec, for support-table.mjs.
// Nothing is built and nothing type-checked: a file is parsed, and what it imports says which function of which file a name is.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { filesBelow, readJson, root } from './workspace.mjs';

const SCOPE = '@phasebit/';
// An exported function that stands for more rows of one table than this says nothing about any one of them.
const ROWS_PER_FUNCTION_MAX = 8;
// Where the rows of the controller's tables name what carries a row out.
const HANDLER_KEYS = ['handler', 'create', 'page'];

/** The exports of nvme-spec, from its sources. */
export async function loadSpec() {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, 'packages/nvme-spec/src/index.ts')],
    bundle: true,
    format: 'esm',
    conditions: [`${SCOPE}source`],
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Names that a node mentions, imports and re-exports apart, and what `isLeftOut`. Comments and strings are not names. */
function namesIn(node, isLeftOut = () => false, names = new Set()) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return names;
  if (ts.isIdentifier(node)) names.add(node.text);
  ts.forEachChild(node, (child) => {
    if (!isLeftOut(child, node)) namesIn(child, isLeftOut, names);
  });
  return names;
}

/** Whether a name is only compared with: one side of === or !==, or a case. */
function isCompared(node, parent) {
  if (!ts.isIdentifier(node)) return false;
  if (ts.isCaseClause(parent)) return parent.expression === node;
  const { EqualsEqualsEqualsToken, ExclamationEqualsEqualsToken } = ts.SyntaxKind;
  return (
    ts.isBinaryExpression(parent) &&
    [EqualsEqualsEqualsToken, ExclamationEqualsEqualsToken].includes(parent.operatorToken.kind)
  );
}

/** `specifier` as what `imports` are compared by: a package's name, or a file's path from the root. */
function originOf(file, specifier) {
  if (!specifier.startsWith('.')) return specifier;
  return path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}

/** What is imported by name: local name to where it is from and what it is called there. */
function importsOf(syntax, file) {
  const imports = new Map();
  for (const statement of syntax.statements) {
    const bindings = ts.isImportDeclaration(statement) && statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    const origin = originOf(file, statement.moduleSpecifier.text);
    for (const { name, propertyName } of bindings.elements) {
      imports.set(name.text, { origin, name: (propertyName ?? name).text });
    }
  }
  return imports;
}

/** Top-level declarations by name: the names each mentions, and whether it is an exported function. */
function declarationsOf(syntax) {
  const declarations = new Map();
  for (const statement of syntax.statements) {
    const isExported = (ts.getCombinedModifierFlags(statement) & ts.ModifierFlags.Export) !== 0;
    const isFunction = ts.isFunctionDeclaration(statement);
    const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
    for (const each of declared) {
      if (each.name === undefined || !ts.isIdentifier(each.name)) continue;
      declarations.set(each.name.text, { names: namesIn(each), isExportedFunction: isExported && isFunction });
    }
  }
  return declarations;
}

/** Constants that a declaration mentions itself or through other declarations of its file. */
function reachOf(declarations, name, isConstant) {
  const seen = new Set([name]);
  const found = new Set();
  for (const next of seen) {
    for (const mentioned of declarations.get(next).names) {
      if (isConstant(mentioned)) found.add(mentioned);
      else if (declarations.has(mentioned)) seen.add(mentioned);
    }
  }
  return found;
}

function readSource(file) {
  const text = readFileSync(path.join(root, file), 'utf8');
  const syntax = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TS);
  return {
    file,
    syntax,
    names: namesIn(syntax),
    stated: namesIn(syntax, isCompared),
    imports: importsOf(syntax, file),
  };
}

/** The sources below some folders, parsed, and what was found in them about `families` of constants: sets of their names. */
export class Sources {
  constructor(folders, families) {
    this.families = families;
    this.byFile = new Map();
    for (const folder of folders) {
      for (const file of filesBelow(folder).filter((each) => /(?<!\.d)\.ts$/.test(each))) {
        this.byFile.set(file, readSource(file));
      }
    }
    this.users = new Map();
    this.indirectUsers = new Map();
    this.findUsers();
    this.findIndirectUsers(this.findFunctions());
  }

  /** Files that mention a constant, sorted. */
  filesNaming(constant) {
    return this.users.get(constant) ?? [];
  }

  /** Files that do more with a constant than to compare with it, sorted. */
  filesStating(constant) {
    return this.filesNaming(constant).filter((file) => this.byFile.get(file).stated.has(constant));
  }

  /** Whether a file mentions a name, imports apart. */
  mentions(file, name) {
    return this.byFile.get(file).names.has(name);
  }

  /** Files that import a function which stands for a constant, sorted; only functions that `isFrom` accepts the file of. */
  filesReaching(constant, isFrom = () => true) {
    const found = (this.indirectUsers.get(constant) ?? []).filter(({ from }) => isFrom(from));
    return [...new Set(found.map(({ file }) => file))];
  }

  /** How many constants of a family a file mentions: a table of all of them says little about each. */
  breadth(file, family) {
    return [...this.byFile.get(file).names].filter((name) => family.has(name)).length;
  }

  /** The file among those below `folder` that exports a function. */
  fileOfFunction(folder, name) {
    const isIt = ({ file, syntax }) =>
      file.startsWith(`${folder}/`) && declarationsOf(syntax).get(name)?.isExportedFunction === true;
    return [...this.byFile.values()].find(isIt)?.file;
  }

  /** Rows of the form `[CONSTANT, handler]` and `{ opcode: CONSTANT, handler }` in a file: constant to the handler's file, or this one. */
  dispatchedIn(file, family) {
    const rows = new Map();
    const source = this.byFile.get(file);
    if (source === undefined) return rows;
    const add = (constant, handlers) => {
      if (!ts.isIdentifier(constant) || !family.has(constant.text)) return;
      rows.set(constant.text, this.handlerFile(source, handlers) ?? file);
    };
    const visit = (node) => {
      if (ts.isArrayLiteralExpression(node) && node.elements.length === 2 && !family.has(node.elements[1].text)) {
        add(node.elements[0], [node.elements[1]]);
      }
      const opcode = ts.isObjectLiteralExpression(node) && propertyOf(node, 'opcode');
      if (opcode) add(opcode, [node]);
      ts.forEachChild(node, visit);
    };
    visit(source.syntax);
    return rows;
  }

  /** The file of the first function in `expressions` that is imported from another file of the package. */
  handlerFile({ imports }, expressions) {
    const handlers = expressions.flatMap((each) =>
      ts.isObjectLiteralExpression(each) ? HANDLER_KEYS.map((key) => propertyOf(each, key)).filter(Boolean) : [each],
    );
    for (const name of handlers.flatMap((each) => [...namesIn(each)])) {
      const origin = imports.get(name)?.origin;
      if (this.byFile.has(origin)) return origin;
    }
    return undefined;
  }

  findUsers() {
    const all = new Set(this.families.flatMap((family) => [...family]));
    for (const { file, names, imports } of this.byFile.values()) {
      for (const [local, { name }] of imports) {
        if (all.has(name) && local !== name) throw new Error(`${file}: imports ${name} as ${local}: use its own name`);
      }
      for (const name of names) if (all.has(name)) this.users.set(name, [...this.filesNaming(name), file]);
    }
  }

  /** What each exported function stands for: `origin#name`, by file and by package, to its file and constants. */
  findFunctions() {
    const functions = new Map();
    const packages = new Map();
    for (const { file, syntax } of this.byFile.values()) {
      const declarations = declarationsOf(syntax);
      const folder = file.split('/').slice(0, 2).join('/');
      if (file.startsWith('packages/') && !packages.has(folder))
        packages.set(folder, readJson(`${folder}/package.json`).name);
      for (const [name, { isExportedFunction }] of declarations) {
        if (!isExportedFunction) continue;
        const constants = this.families.flatMap((family) => {
          const found = [...reachOf(declarations, name, (each) => family.has(each))];
          return found.length <= ROWS_PER_FUNCTION_MAX ? found : [];
        });
        if (constants.length === 0) continue;
        for (const origin of [file, packages.get(folder)])
          functions.set(`${origin}#${name}`, { from: file, constants });
      }
    }
    return functions;
  }

  findIndirectUsers(functions) {
    for (const { file, names, imports } of this.byFile.values()) {
      for (const [local, { origin, name }] of imports) {
        const { from, constants } = functions.get(`${origin}#${name}`) ?? { constants: [] };
        if (!names.has(local)) continue;
        for (const constant of constants) {
          this.indirectUsers.set(constant, [...(this.indirectUsers.get(constant) ?? []), { file, from }]);
        }
      }
    }
  }
}

function propertyOf(object, key) {
  const property = object.properties.find((each) => each.name?.text === key);
  return property && ts.isPropertyAssignment(property) ? property.initializer : property?.name;
}
