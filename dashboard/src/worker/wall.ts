/** The page's time, which no correction of the machine's clock moves. */
export const wallMs = (): number => performance.timeOrigin + performance.now();
