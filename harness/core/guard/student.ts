/** Student's t, for intervals of what few measurements say. */

/**
 * Probability that Student's t with so many whole degrees of freedom is above `t`, in closed form (Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
 */
export function studentUpperTail(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const is_odd = degrees % 2 === 1;
  let term = is_odd ? cos : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = is_odd ? 3 : 2; k < degrees; k += 2) {
    term *= ((k - 1) / k) * cos ** 2;
    sum += term;
  }
  const within = is_odd ? (2 / Math.PI) * (angle + sin * sum) : sin * sum;
  return (1 - within) / 2;
}

/** The value that Student's t exceeds with the given probability, below one half. */
export function studentQuantile(tail: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (studentUpperTail(high, degrees) > tail) high *= 2;
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (studentUpperTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
