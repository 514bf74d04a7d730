import { ApiError, errorOf, isConflict, isExpired, isNotFound } from './errors';

describe('errorOf', () => {
  it('reads reason and message of a Status', () => {
    const error = errorOf('GET /x', 404, { kind: 'Status', message: 'pods "x" not found', reason: 'NotFound', code: 404 });
    expect(error.message).toBe('GET /x: HTTP 404 NotFound: pods "x" not found');
    expect(isNotFound(error)).toBe(true);
  });

  it('shows the beginning of what is no Status', () => {
    expect(errorOf('GET /x', 502, 'Bad\nGateway '.repeat(50)).message).toMatch(/^GET \/x: HTTP 502: Bad Gateway Bad Gateway .{150,}$/);
    expect(errorOf('GET /x', 500, {}).message).toBe('GET /x: HTTP 500 {}');
  });

  it.each([
    ['seconds in the header', '7', {}, 7000],
    ['seconds in the details', undefined, { details: { retryAfterSeconds: 2 } }, 2000],
    ['nothing that is a time', 'soon', {}, undefined],
    ['nothing', undefined, {}, undefined],
    ['a date that is over', 'Wed, 21 Oct 2015 07:28:00 GMT', {}, 0],
  ])('reads how long to wait from %s', (_, header, answer, ms) => {
    expect(errorOf('GET /x', 429, answer, header).retryAfterMs).toBe(ms);
  });

  it('knows an expired version by code or by reason', () => {
    expect(isExpired(new ApiError('', 410, ''))).toBe(true);
    expect(isExpired(new ApiError('', 500, 'Expired'))).toBe(true);
    expect(isExpired(new ApiError('', 500, ''))).toBe(false);
    expect(isExpired(new Error('410'))).toBe(false);
  });

  it('knows a conflict', () => {
    expect(isConflict(new ApiError('', 409, 'Conflict'))).toBe(true);
    expect(isConflict(new Error('409'))).toBe(false);
  });
});
