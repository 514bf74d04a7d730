// The product's image: its programs work, it has no others, and its bill of materials is complete. Needs root.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../../../release/tools/command';
import { inImage } from '../../../release/image/buildah';
import { type ImageArchive, provideProductImage } from '../../../release/image/product';

let image: ImageArchive;

beforeAll(async () => {
  image = await provideProductImage();
}, 600_000);

const within = <T>(act: (root: string) => Promise<T>): Promise<T> => inImage(`${image.repository}:${image.tag}`, act);

/** The executable files outside the product's directory, by their paths in the image. */
function programs(root: string, directory = '/'): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (path === '/app' || entry.isSymbolicLink()) return [];
    if (entry.isDirectory()) return programs(root, path);
    return (statSync(join(root, path)).mode & 0o111) !== 0 && !entry.name.includes('.so') ? [path] : [];
  });
}

test('the only programs in the image are Node.js and accelctl: there is no shell and no package manager', async () => {
  expect(await within(async (root) => Promise.resolve(programs(root).sort()))).toEqual(['/usr/local/bin/accelctl', '/usr/local/bin/node']);
});

test('the command line, the agent with libbpf, and the controller run in the image', async () => {
  await within(async (root) => {
    const inside = (...command: string[]): Promise<string> => run('chroot', [root, ...command]);
    expect(await inside('/usr/local/bin/accelctl', '--version')).toContain(image.tag);
    expect(await inside('/usr/local/bin/node', '/app/dist/operator/agent/main.js', '--help')).toContain('Node agent');
    await expect(inside('/usr/local/bin/node', '/app/dist/operator/controller/main.js')).rejects.toThrow(/read environment: .*POD_NAMESPACE/);
  });
});

test('every library in the image belongs to a package in the bill of materials', async () => {
  const bill = z
    .object({ components: z.array(z.object({ name: z.string(), purl: z.string() })) })
    .parse(JSON.parse(readFileSync(image.sbom, 'utf8')));
  const listed = bill.components
    .filter(({ purl }) => purl.startsWith('pkg:deb/'))
    .map(({ name }) => name)
    .sort();
  await within(async (root) => {
    expect(readdirSync(join(root, 'var/lib/dpkg/status.d')).sort()).toEqual(listed);
    expect(listed).toEqual(expect.arrayContaining(['libbpf1', 'libc6', 'libstdc++6']));
    const [libraries] = readdirSync(join(root, 'usr/lib')).filter((name) => name.endsWith('-linux-gnu'));
    expect(existsSync(join(root, 'usr/lib', libraries ?? '', 'libbpf.so.1'))).toBe(true);
    return Promise.resolve();
  });
});
