import { type EcomError } from '../errors.ts';
import { lookUp, type Path, usage, type Value } from './condition-path.ts';
import { compareDecimals, isDecimal } from './decimal.ts';

type Operand =
  | (Path & { readonly kind: 'path' })
  | { readonly kind: 'number' | 'text'; readonly value: string }
  | { readonly kind: 'null' };

type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

type Node =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Node[] }
  | { readonly kind: 'not'; readonly part: Node }
  | {
      readonly kind: 'compare';
      readonly left: Operand;
      readonly comparison: Comparison;
      readonly right: Operand;
    };

/** An expression that can be asked of any answer. */
export interface Condition {
  readonly text: string;
  /**
   * Whether it holds, and the values of the paths it names, such as `kpis.orders is 3`.
   * @throws EcomError `USAGE` where a path is not in the answer, or a text is compared with a number
   */
  evaluate(answer: object): { readonly holds: boolean; readonly values: readonly string[] };
}

const MAX_LENGTH = 1000;
const TOKEN =
  /\s*(?:(?<op><=|>=|==|!=|<|>)|(?<logic>&&|\|\||!|\(|\))|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?(?![\w.]))|(?<text>'[^']*'|"[^"]*")|(?<path>[A-Za-z_][\w-]*(?:\.(?:[\w-]+|'[^']*'|"[^"]*"))*))/y;
const SEGMENT = /[\w-]+|'[^']*'|"[^"]*"/g;

interface Token {
  readonly kind: 'op' | 'logic' | 'number' | 'text' | 'path' | 'end';
  readonly text: string;
}

/**
 * Reads an expression: comparisons (`<` `<=` `>` `>=` `==` `!=`) of paths such as `kpis.activeUsers.5m` or
 * `topProducts.0.revenue`, numbers, quoted texts and null, combined by `&&`, `||`, `!` and parentheses. A part of a path may be
 * quoted. Numbers and decimal strings compare exactly, as decimals; a quoted text compares as text. What has no value is
 * null: an ordering against null never holds, `== null` does.
 * @throws EcomError `USAGE` where it is none
 */
export function parseCondition(text: string): Condition {
  if (text.length > MAX_LENGTH) throw usage(`the expression is longer than ${MAX_LENGTH} characters`);
  const tokens = tokenize(text);
  let next = 0;
  const peek = (): Token => tokens[next]!;
  const take = (wanted: string): boolean => {
    if (peek().kind !== 'logic' || peek().text !== wanted) return false;
    next += 1;
    return true;
  };
  const parseChain = (kind: 'and' | 'or', separator: string, part: () => Node): Node => {
    const parts = [part()];
    while (take(separator)) parts.push(part());
    return parts.length === 1 ? parts[0]! : { kind, parts };
  };
  const parseOr = (): Node => parseChain('or', '||', () => parseChain('and', '&&', parseNot));
  const parseNot = (): Node => {
    if (take('!')) return { kind: 'not', part: parseNot() };
    if (!take('(')) return parseComparison();
    const inner = parseOr();
    if (!take(')')) throw unexpected(peek(), "')'");
    return inner;
  };
  const parseComparison = (): Node => {
    const left = operand(tokens[next++]!);
    if (peek().kind !== 'op') throw unexpected(peek(), 'a comparison such as < or ==');
    const comparison = tokens[next++]!.text as Comparison;
    return { kind: 'compare', left, comparison, right: operand(tokens[next++]!) };
  };
  const root = parseOr();
  if (peek().kind !== 'end') throw unexpected(peek(), '&& or ||');
  return {
    text,
    evaluate: (answer) => ({ holds: evaluate(root, answer), values: describePaths(root, answer) }),
  };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null)
      throw usage(`cannot read '${text.slice(from).trim().slice(0, 20)}' in the expression`);
    const [kind, value] = Object.entries(match.groups!).find(([, group]) => group !== undefined)!;
    tokens.push({ kind: kind as Token['kind'], text: value! });
  }
  return [...tokens, { kind: 'end', text: '' }];
}

function operand(token: Token): Operand {
  switch (token.kind) {
    case 'number':
      return { kind: 'number', value: token.text };
    case 'text':
      return { kind: 'text', value: token.text.slice(1, -1) };
    case 'path': {
      if (token.text === 'null') return { kind: 'null' };
      const segments = [...token.text.matchAll(SEGMENT)].map(([segment]) =>
        segment.replace(/^['"]|['"]$/g, ''),
      );
      return { kind: 'path', text: token.text, segments };
    }
    default:
      throw unexpected(token, 'a path, a number, a quoted text or null');
  }
}

function evaluate(node: Node, answer: object): boolean {
  switch (node.kind) {
    case 'and':
      return node.parts.map((part) => evaluate(part, answer)).every(Boolean);
    case 'or':
      // Every part is looked at, so that a wrong path is told whatever the others say.
      return node.parts.map((part) => evaluate(part, answer)).some(Boolean);
    case 'not':
      return !evaluate(node.part, answer);
    case 'compare':
      return compare(node.left, node.comparison, node.right, answer);
  }
}

function compare(left: Operand, comparison: Comparison, right: Operand, answer: object): boolean {
  const a = valueIn(left, answer);
  const b = valueIn(right, answer);
  if (a === null || b === null) {
    return comparison === '==' ? a === b : comparison === '!=' ? a !== b : false;
  }
  const order = orderOf(left, a, comparison, right, b);
  switch (comparison) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
  }
}

function orderOf(
  left: Operand,
  a: string | number,
  comparison: Comparison,
  right: Operand,
  b: string | number,
): number {
  const [x, y] = [String(a), String(b)];
  if (left.kind !== 'text' && right.kind !== 'text' && isDecimal(x) && isDecimal(y))
    return compareDecimals(x, y);
  const numeric = [left, right].find(({ kind }) => kind === 'number') !== undefined || typeof a !== typeof b;
  if (numeric && comparison !== '==' && comparison !== '!=') {
    throw usage(`'${x}' and '${y}' cannot be compared by ${comparison}: one is a text, the other a number`);
  }
  return x < y ? -1 : x > y ? 1 : 0;
}

function valueIn(operand: Operand, answer: object): Value {
  if (operand.kind === 'null') return null;
  return operand.kind === 'path' ? lookUp(operand, answer) : operand.value;
}

function describePaths(node: Node, answer: object): string[] {
  switch (node.kind) {
    case 'not':
      return describePaths(node.part, answer);
    case 'compare':
      return [node.left, node.right].flatMap((side) =>
        side.kind === 'path' ? [`${side.text} is ${lookUp(side, answer)}`] : [],
      );
    default:
      return [...new Set(node.parts.flatMap((part) => describePaths(part, answer)))];
  }
}

function unexpected(token: Token, expected: string): EcomError {
  const found = token.kind === 'end' ? 'the expression ends' : `there is '${token.text}'`;
  return usage(`${found} where ${expected} is expected`);
}
