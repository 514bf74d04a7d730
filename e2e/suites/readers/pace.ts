// Time limits. On an emulated processor everything takes several times as long: e2e/suites/kernels then sets the factor READER_SLOWNESS.

const slowness = Number(process.env['READER_SLOWNESS'] ?? 1);

/** A connection has hung when none of its bytes moves for this long while an answer is outstanding. */
export const hungAfterMs = 5000 * slowness;
/** Within this time, by the fast clock of Agent, the datapath has joined a connection or has a lasting reason not to. */
export const settlesWithinMs = 8000 * slowness;
/** The page calls a row slow when the witness stood still for more than this longer than on plain TCP. */
export const allowanceMs = 100;
/** The same for a test, which runs beside other tests. A lost wake-up makes a witness stand still for longer than this. */
export const testAllowanceMs = 1500 * slowness;
