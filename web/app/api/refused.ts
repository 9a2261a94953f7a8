/** What a call that did not succeed is told as. */

import type { Problem, ProblemCode } from './types';

/** The server refused a call: nothing was done. */
export class Refused extends Error {
  readonly problem: Problem;
  /** Seconds until it makes sense to try again, where the server said so. */
  readonly retryAfter: number | null;

  constructor(problem: Problem, retryAfter: number | null = null) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  is(...codes: ProblemCode[]): boolean {
    return codes.includes(this.problem.code);
  }
}

/** No answer came: for a write nobody knows whether it was done, until it is sent again under its key. */
export class Unreachable extends Error {}

/** A failure that can be told to people. */
export type Failure = Refused | Unreachable;

/** Whatever was thrown, as a failure; a mistake of the program stays what it is. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Refused || error instanceof Unreachable) return error;
  throw error;
}
