/** What a share of a sample says of the whole. */

/** Standard errors: one in a thousand samples lies beyond, and a thousand comparisons are made. */
const Z = 3;

const wilson = (bad: number, of: number, sign: 1 | -1): number => {
  const share = bad / of;
  const spread = Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  return (share + (Z * Z) / (2 * of) + sign * spread) / (1 + (Z * Z) / of);
};

/** The least share that the whole may have (Wilson's interval); 0 without a sample. */
export const leastShare = (bad: number, of: number): number => (of > 0 ? Math.max(0, wilson(bad, of, -1)) : 0);

/** The most; 1 without a sample. */
export const mostShare = (bad: number, of: number): number => (of > 0 ? Math.min(1, wilson(bad, of, 1)) : 1);
