/**
 * Weight of the ranks from `first` (inside) to `end` (outside), 0-based, under Zipf's law: rank r has (r + 1)^-theta.
 * Short spans are summed; long ones, which all start at rank 2,048 or later, come from the Euler-Maclaurin formula,
 * whose first omitted term is below 1e-12 of the sum there.
 */
export function zipfMass(theta: number): (first: number, end: number) => number {
  return (first, end) => {
    if (end - first <= 16) {
      let sum = 0;
      for (let rank = first; rank < end; rank++) sum += (rank + 1) ** -theta;
      return sum;
    }
    const a = first + 1;
    const b = end;
    const integral = theta === 1 ? Math.log(b / a) : (b ** (1 - theta) - a ** (1 - theta)) / (1 - theta);
    const ends = (a ** -theta + b ** -theta) / 2;
    const slopes = (theta * (a ** (-theta - 1) - b ** (-theta - 1))) / 12;
    return integral + ends + slopes;
  };
}

/**
 * The same under fio's Pareto: a share `h` of the blocks gets a share `1 - h` of the accesses (0.2: twenty percent get
 * eighty). The distribution function over ranks is (r / count)^(log(1 - h) / log(h)).
 */
export function paretoMass(h: number, count: number): (first: number, end: number) => number {
  const power = Math.log(1 - h) / Math.log(h);
  return (first, end) => (end / count) ** power - (first / count) ** power;
}
