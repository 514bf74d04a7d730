// How long things may take. An emulated processor takes seconds for what a real one does at once (e2e/suites/kernels says so by READER_SLOWNESS).

const slowness = Number(process.env['READER_SLOWNESS'] ?? 1);

/** A connection that stands still for so long, with something outstanding, has hung. */
export const hungAfterMs = 5000 * slowness;
/** Learning ends within that, at the pace of Agent. */
export const settlesWithinMs = 8000 * slowness;
/** In the page a witness may stand still for so much longer than on plain TCP. */
export const allowanceMs = 100;
/** In a test, which runs beside others: a wake-up that was lost is missed for longer. */
export const testAllowanceMs = 1500 * slowness;
