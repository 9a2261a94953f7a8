/**
 * What is told of a failure. The API says why in English, whatever the language of the application is: for codes that their
 * users meet, applications have sentences of their own (`know`), and the rest stays as the API says it.
 */

import { type Failure, Refused } from '../api/refused';
import type { ProblemCode } from '../api/types';
import { common } from '../words/common';

export type Sentences = Partial<Record<ProblemCode, string>>;

let known: () => Sentences = () => ({});

/** Who loads the sentences says so once: not every application has them. */
export function know(sentences: () => Sentences): void {
  known = sentences;
}

/** Why something was refused: a problem as a whole, or one of its errors, which are refusals or rules of a member. */
export function reasonOf({ code, detail }: { code: string; detail: string }): string {
  return (known() as Partial<Record<string, string>>)[code] ?? detail;
}

export function failureText(failure: Failure): string {
  return failure instanceof Refused ? reasonOf(failure.problem) : common().unreachable;
}
