import { ApiError, errorOf, isConflict, isExpired, isNotFound, isTerminal } from './errors';

describe('errorOf', () => {
  it('has reason and message of a Status', () => {
    const error = errorOf('GET /x', 404, { kind: 'Status', message: 'pods "x" not found', reason: 'NotFound', code: 404 });
    expect(error.message).toBe('GET /x: HTTP 404 NotFound: pods "x" not found');
    expect(isNotFound(error)).toBe(true);
  });

  it('quotes the beginning of an answer that is no Status', () => {
    expect(errorOf('GET /x', 502, 'Bad\nGateway '.repeat(50)).message).toMatch(/^GET \/x: HTTP 502: Bad Gateway Bad Gateway .{150,}$/);
    expect(errorOf('GET /x', 500, {}).message).toBe('GET /x: HTTP 500 {}');
  });

  it.each([
    ['seconds in the header', '7', {}, 7000],
    ['seconds in the details', undefined, { details: { retryAfterSeconds: 2 } }, 2000],
    ['a header that is no time', 'soon', {}, undefined],
    ['no header', undefined, {}, undefined],
    ['a date in the past', 'Wed, 21 Oct 2015 07:28:00 GMT', {}, 0],
  ])('reads how long to wait from %s', (_, header, answer, ms) => {
    expect(errorOf('GET /x', 429, answer, header).retryAfterMs).toBe(ms);
  });
});

describe('an ApiError', () => {
  it('is expired by code 410 or by its reason', () => {
    expect(isExpired(new ApiError('', 410, ''))).toBe(true);
    expect(isExpired(new ApiError('', 500, 'Expired'))).toBe(true);
    expect(isExpired(new ApiError('', 500, ''))).toBe(false);
    expect(isExpired(new Error('410'))).toBe(false);
  });

  it('is a conflict by code 409', () => {
    expect(isConflict(new ApiError('', 409, 'Conflict'))).toBe(true);
    expect(isConflict(new Error('409'))).toBe(false);
  });

  it.each([
    [true, 400],
    [true, 403],
    [true, 405],
    [true, 415],
    [true, 422],
    [false, 0],
    [false, 401],
    [false, 404],
    [false, 409],
    [false, 410],
    [false, 429],
    [false, 500],
    [false, 503],
  ])('is terminal: %s for code %i', (terminal, code) => {
    expect(isTerminal(new ApiError('', code, ''))).toBe(terminal);
  });
});
