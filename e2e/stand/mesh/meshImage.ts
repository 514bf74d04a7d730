// The image of the demo mesh's pods.
import { copyFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../../release/tools/cache';
import type { Tools } from '../tools/install';
import { versions } from '../tools/versions';
import { provideBaseImage } from '../../../release/image/base';
import { buildImage, exportImage } from '../../../release/image/buildah';
import { contentHash } from '../../../release/tools/contentHash';
import { providePrograms, programSources } from '../tools/programs';

export const meshImage = 'localhost/sidecar-acceleration-mesh:1';

const sources = join(__dirname, 'image');

/** @returns the path of the image's archive */
export async function provideMeshImage(tools: Tools): Promise<string> {
  const base = await provideBaseImage();
  const hash = contentHash([base, versions.envoy, versions.fortio], [sources, programSources]);
  const { directory } = await cached(`image-mesh-${hash}`, async (directory) => {
    const context = join(directory, 'context');
    await cp(sources, context, { recursive: true });
    await copyFile(tools.path('envoy'), join(context, 'envoy'));
    await copyFile(tools.path('fortio'), join(context, 'fortio'));
    await copyFile(join(await providePrograms(), 'checksum'), join(context, 'checksum'));
    const containerfile = join(context, 'Containerfile');
    await buildImage({ reference: meshImage, containerfile, context, buildArguments: { BASE: base } });
    await exportImage(meshImage, join(directory, 'image.tar'));
  });
  return join(directory, 'image.tar');
}
