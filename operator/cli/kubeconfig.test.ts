import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigOf } from './kubeconfig';

let file: string;
beforeEach(() => (file = join(mkdtempSync(join(tmpdir(), 'accelctl-kubeconfig-')), 'config')));
afterEach(() => rmSync(join(file, '..'), { recursive: true }));

/** The error about a kubeconfig with this text. */
function complaintAbout(text: string): string {
  writeFileSync(file, text);
  try {
    kubeconfigOf({ kubeconfig: file });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}

it.each([
  ['an indentation', 'users:\n- name: u\n  user:\n    token: hunter2\n   client: x\n'],
  ['a value', 'users:\n- name: u\n  user:\n    token: hunter2 : x\n'],
  ['an alias that does not exist', 'users:\n- user: {token: *hunter2}\n'],
  ['a tag that does not exist', 'users:\n- user: {token: !hunter2 x}\n'],
])('an error in %s names the reason and the place, and never the token', (_what, text) => {
  const complaint = complaintAbout(text);
  expect(complaint).toMatch(/^reading the kubeconfig: .*; check KUBECONFIG or --kubeconfig$/);
  expect(complaint).toMatch(/ at line \d+, column \d+/);
  expect(complaint).not.toContain('hunter2');
});
