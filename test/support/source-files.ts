import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { repoRoot } from './requires.js'

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
  /** `process.env`, `Date.now`, `Date.now()`, `new Date()` and free names such as `Buffer`, wherever they occur as code. */
  readonly uses: ReadonlySet<string>
}

export interface Import {
  readonly specifier: string
  /** Of relative imports: the file, from the root of the repository; undefined where there is none. */
  readonly target?: string
  readonly typeOnly: boolean
}

const roots = ['libs', 'apps', 'migrations', 'examples', 'bench', 'test']
const skipped = new Set(['node_modules', 'dist', 'data', 'coverage', 'test-results'])

/** Every TypeScript file of the project, read and parsed. */
export function sourceFiles(): readonly SourceFile[] {
  return roots.flatMap((root) => filesBelow(join(repoRoot, root))).map(parse)
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.startsWith('test/') || path.includes('/testing/')
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesBelow(join(folder, entry.name))
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [join(folder, entry.name)] : []
  })
}

function parse(file: string): SourceFile {
  const text = readFileSync(file, 'utf8')
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, false, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS)
  const imports: Import[] = []
  const uses = new Set<string>()
  const visit = (node: ts.Node, parent?: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier !== undefined) imports.push({ specifier, ...targetOf(file, specifier), typeOnly: isTypeOnly(node) })
    const use = useOf(node, parent)
    if (use !== undefined) uses.add(use)
    ts.forEachChild(node, (child) => visit(child, node))
  }
  visit(tree)
  return { path: slashed(file), text, imports, uses }
}

function specifierOf(node: ts.Node): string | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return node.moduleSpecifier.text
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) return node.argument.literal.text
  const first = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments[0] : undefined
  return first !== undefined && ts.isStringLiteral(first) ? first.text : undefined
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  return ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

function useOf(node: ts.Node, parent?: ts.Node): string | undefined {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && ts.isIdentifier(node.expression.expression)) {
    return `${node.expression.expression.text}.${node.expression.name.text}()`
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) return `${node.expression.text}.${node.name.text}`
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) return `new ${node.expression.text}(${node.arguments?.length ? '...' : ''})`
  if (!ts.isIdentifier(node) || parent === undefined) return undefined
  const isName = (ts.isPropertyAccessExpression(parent) && parent.name === node) || ('name' in parent && parent.name === node) || ts.isTypeReferenceNode(parent)
  return isName ? undefined : node.text
}

function targetOf(file: string, specifier: string): { target?: string } {
  if (!specifier.startsWith('.')) return {}
  const plain = resolve(dirname(file), specifier)
  const stem = plain.replace(/\.jsx?$/, '')
  const found = [`${stem}.ts`, `${stem}.tsx`, plain, join(plain, 'index.ts')].find((candidate) => /\.tsx?$/.test(candidate) && existsSync(candidate))
  return found === undefined ? {} : { target: slashed(found) }
}

function slashed(file: string): string {
  return relative(repoRoot, file).split('\\').join('/')
}
