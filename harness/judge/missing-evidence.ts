/** Thrown inside a rule when the timeline lacks what the rule needs; it becomes the verdict `inconclusive`. */
export class MissingEvidence extends Error {
  constructor(missing: string) {
    super(missing);
    this.name = 'MissingEvidence';
  }
}
