// Types of testCounts.js, which is JavaScript because jest loads reporters without a transform.
export function append(part: string, passed: number, failed: number, file?: string): void;
export function sum(expected: readonly string[], file?: string): { passed: number; failed: number; missing: string[] };
