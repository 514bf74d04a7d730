// The base images of our images are pinned by digest, because a tag can be moved to another image.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../tools/paths';

const files = globSync(['Containerfile', '{release,e2e}/**/Containerfile'], { cwd: checkout });

test.each(files)('%s names its base images by digest, or takes them from a build argument', (file) => {
  const text = readFileSync(join(checkout, file), 'utf8');
  const stages = [...text.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, stage]) => stage);
  const bases = [...text.matchAll(/^(?:FROM|ARG BASE=)\s*(\S+)/gm)].map(([, base]) => base);
  expect(bases.length).toBeGreaterThan(0);
  for (const base of bases.filter((each) => each !== 'scratch' && each !== '${BASE}' && !stages.includes(each)))
    expect(base).toMatch(/@sha256:[0-9a-f]{64}$/);
});
